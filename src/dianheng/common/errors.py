"""What the program answers when it does not do a thing.

Refused                 a rule says no; carries one Refusal or many
├── NotFound            there is no such thing, or not for you
└── BadInput            what came in cannot be read or is not of the form
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DataError
from django.utils.translation import gettext as _

Text = Any  # a string, or a text that is translated when it is shown


@dataclass(frozen=True)
class Refusal:
    """One reason: a code for machines, a text with the way out for people, the facts.

    `errors` lists the single things that are refused (rows of a file, devices of a batch),
    each a mapping with at least `code` and `text`.
    """

    code: str
    text: Text
    facts: Mapping[str, Any] = field(default_factory=dict)
    errors: Sequence[Mapping[str, Any]] = ()

    def as_dict(self) -> dict[str, Any]:
        """The form that REST, command line and pages share."""
        return {
            "code": self.code,
            "text": str(self.text),
            "facts": {key: _plain(value) for key, value in self.facts.items()},
            "errors": [{k: _plain(v) for k, v in error.items()} for error in self.errors],
        }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)


# REST status of a code; what is not listed is 409: the state of things is against it.
STATUS = {"no_right": 403, "not_found": 404, "bad_input": 422}


class Refused(Exception):  # noqa: N818  the trade's word is a statement, not an error
    """Raised by services; nothing was written."""

    def __init__(self, *refusals: Refusal):
        self.refusals = refusals
        super().__init__("; ".join(str(refusal.text) for refusal in refusals))

    @property
    def refusal(self) -> Refusal:
        """The first reason."""
        return self.refusals[0]

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return STATUS.get(self.refusal.code, 409)

    def as_dict(self) -> dict[str, Any]:
        """`{code, text, facts, errors[]}`; several reasons stand in `errors`."""
        answer = self.refusal.as_dict()
        for refusal in self.refusals[1:]:
            answer["errors"].append(refusal.as_dict())
        return answer


class BadInput(Refused):
    """The input cannot be taken; every fault is listed."""

    def __init__(self, text: Text, errors: Sequence[Mapping[str, Any]] = (), **facts: Any):
        super().__init__(Refusal("bad_input", text, facts, errors))


class NotFound(Refused):
    """There is no such thing, or it is not in a unit that the person may see."""

    def __init__(self, text: Text, **facts: Any):
        super().__init__(Refusal("not_found", text, facts))


def refuse(*answers: Refusal | None) -> None:
    """Raise when a guard answered with a refusal."""
    found = [answer for answer in answers if answer is not None]
    if found:
        raise Refused(*found)


def null_sent(error: BaseException) -> BadInput | None:
    """What to say when a text with the character U+0000, which no database holds, was sent."""
    if not isinstance(error, DataError) or not ("NUL" in str(error) or "\\u0000" in str(error)):
        return None
    return BadInput(_("The text has a character that cannot be kept (U+0000): remove it."))
