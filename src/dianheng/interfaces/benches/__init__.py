"""Results of benches that do not come by REST: files in a watched folder, middle tables.

Each module translates a format into the neutral envelope (docs/reference/bench-upload.md) and
calls `verification.services.upload_receive`; nothing is decided here.
"""
