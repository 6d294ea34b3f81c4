"""Who writes. Every service takes one; the audit trail records it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person, perhaps standing in for another, coming in through a door.

    `via` is one of page, rest, file, bench, command, job. A token may narrow the rights:
    empty `scopes` means all rights of the person.
    """

    person_id: int
    name: str
    acting_for_id: int | None = None
    acting_for_name: str = ""
    via: str = "page"
    request_id: str = ""
    scopes: frozenset[str] = frozenset()
