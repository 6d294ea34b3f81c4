"""Columns of a list: what they are called, and what each is for."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dianheng.common.errors import Refusal, Text
from dianheng.common.texts import gettext_lazy as _

LEFT_OUT = "-"  # a column that is known and not taken: running number, remark


@dataclass(frozen=True)
class Field:
    """One fact that a file can give of a device.

    Args:
        key: its name in the program.
        label: its name for people.
        names: heads by which it is recognised, in any spelling (`plain_head`).
        goes_into_register: whether it is kept of the device; the others are compared only.
        is_required: a file without this column is not taken.
        is_expected: an empty cell is a fault when the file has the column.
    """

    key: str
    label: Text
    names: tuple[str, ...]
    goes_into_register: bool = True
    is_required: bool = False
    is_expected: bool = False


_LEFT_OUT = (
    "序号", "行号", "编号", "备注", "说明", "数量", "单位", "名称", "设备名称",
    "no", "remark", "remarks", "note", "comment", "row", "index",
)  # fmt: skip
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_SIGNS = re.compile(r"[\s*:：;、,，.。#'’_\-/\\|\"“”]+")


def plain_head(head: str) -> str:
    """A head without what writers add to it: brackets, stars, blanks, full width.

    >>> plain_head(" 条形码(22位)* ")
    '条形码'
    >>> plain_head("Bar-Code No.")
    'barcodeno'
    """
    text = unicodedata.normalize("NFKC", head).casefold()
    return _SIGNS.sub("", _BRACKETS.sub("", text))


class Heads:
    """The fields of one kind of list, recognised by their heads."""

    def __init__(self, fields: Mapping[str, Field]):
        self._known = {plain_head(name): LEFT_OUT for name in _LEFT_OUT}
        self._known |= {plain_head(n): field.key for field in fields.values() for n in field.names}

    def recognise(self, head: str) -> str:
        """The field that a head stands for, LEFT_OUT, or an empty text when it is not known."""
        return self._known.get(plain_head(head), "")

    def propose(self, heads: Iterable[str], remembered: Mapping[str, str]) -> list[str]:
        """A field for each head: as files of this source were mapped before, else by its name.

        The first column wins where two stand for the same field; the second stays to be said.
        """
        taken: set[str] = set()
        fields = []
        for head in heads:
            field = remembered.get(plain_head(head)) or self.recognise(head)
            if field in taken and field != LEFT_OUT:
                field = ""
            taken.add(field)
            fields.append(field)
        return fields


def guard_mapping(fields: Sequence[str], required: Iterable[str]) -> list[Refusal]:
    """Each field once, and the required ones there."""
    faults = []
    used = [field for field in fields if field and field != "-"]
    for field in dict.fromkeys(used):
        if used.count(field) > 1:
            faults.append(
                Refusal("field_twice", _("Two columns stand for the same field."), {"field": field})
            )
    if "" in fields:
        faults.append(
            Refusal("column_open", _("Say for each column what it is, or that it is left out."))
        )
    for field in required:
        if field not in used:
            faults.append(
                Refusal(
                    "field_missing", _("Say which column holds the bar code."), {"field": field}
                )
            )
    return faults
