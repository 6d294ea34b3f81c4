"""The doors of test benches beside REST: watched folder, State Grid records, middle tables.

Every door translates what a bench's software wrote into the neutral envelope and hands it to
`verification.services.upload_receive`, which alone decides; its answer goes back by the same door.
"""
