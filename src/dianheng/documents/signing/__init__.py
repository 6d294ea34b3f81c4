"""Signatures and their proof without a server. No Django, no database.

`canonical` one text for the same data · `keys` the key made here · `port` what a CA or an
electronic seal must offer · `codes` the text in the QR code · `pades` the signature in the PDF ·
`issue` a signed paper · `revocations` the dated list · `check` what a reader can find out.
"""
