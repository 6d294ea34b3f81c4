"""Why a file cannot be read at all."""

from typing import Any

from dianheng.common.errors import BadInput, Text


class Unreadable(BadInput):
    """The file as a whole is refused; `reason` is the code of why.

    Reasons: empty, kind, encoding, nul, quotes, truncated, password, bomb, too_large, doctype,
    broken, no_sheet, no_head, head_twice, head_empty, too_wide.
    """

    def __init__(self, reason: str, text: Text, **facts: Any):
        super().__init__(text, (), reason=reason, **facts)
        self.reason = reason
