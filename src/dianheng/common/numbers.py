"""Digits as people type and paste them."""

_FULL = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x3002: 0x2E}


def halfwidth(text: str) -> str:
    """Full-width digits, letters and signs as plain ones.

    >>> halfwidth("１２３．５％")
    '123.5%'
    """
    return text.translate(_FULL)
