"""The columns of a utility's catalogue of business items, and what is wrong with its rows; pure but for the file."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.files import Field, Heads, Mark, Unreadable, best_table, find_head

MOST_ROWS = 20_000
MOST_MB = 5
LONGEST = 120  # signs of a cell

FIELDS: Mapping[str, Field] = {
    field.key: field
    for field in (
        Field("module", gettext_lazy("Module"), ("应用模块", "模块", "module"), is_required=True),
        Field("business_class", gettext_lazy("Business class"), ("业务类", "类别", "class"), is_required=True),
        Field("item", gettext_lazy("Business item"), ("业务项", "业务项名称", "item"), is_required=True),
        Field("sub_item", gettext_lazy("Sub-item"), ("业务子项", "子项", "sub-item", "sub item"), is_required=True),
        Field("code", gettext_lazy("Code"), ("业务编码", "编码", "代码", "code"), is_required=True),
        Field("owner_post", gettext_lazy("Post that answers for it"), ("责任岗位", "责任岗", "岗位", "owner post", "post")),
        Field("pack", gettext_lazy("Pack"), ("流程包", "流程包编码", "流程编码", "pack")),
    )
}  # fmt: skip
HEADS = Heads(FIELDS)


@dataclass(frozen=True)
class Line:
    """A row of the file."""

    row_no: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Read:
    """A file as read: where its head stands, which field each column is, its rows."""

    head_row: int
    fields: Sequence[str]
    lines: Sequence[Line]


def read_catalogue(path: Path) -> Read:
    """Read a file.

    Raises:
        Unreadable: it is no table, has no such columns, or has too many rows.
    """
    if path.stat().st_size > MOST_MB << 20:
        raise Unreadable("too_large", _("The file has more than %(n)s MB.") % {"n": MOST_MB})
    table = best_table(path, HEADS.recognise)
    head = find_head(table, HEADS.recognise)
    fields = HEADS.propose(head.names, {})
    missing = [str(f.label) for f in FIELDS.values() if f.is_required and f.key not in fields]
    if missing:
        text = _("These columns are missing: %(names)s.") % {"names": "、".join(missing)}
        raise Unreadable("no_head", text)
    lines = []
    for row_no, cells in table.rows():
        if row_no <= head.row_no or not any(cell.strip() for cell in cells):
            continue
        if len(lines) == MOST_ROWS:
            raise Unreadable("too_many", _("At most %(n)s rows are taken.") % {"n": MOST_ROWS})
        values = {
            field: cell.strip()
            for field, cell in zip(fields, cells, strict=False)
            if field in FIELDS
        }
        lines.append(Line(row_no, values))
    return Read(head.row_no, fields, lines)


def faults_of(
    lines: Sequence[Line], posts: Mapping[str, str], packs: Collection[str]
) -> Iterator[Mark]:
    """Everything that is wrong, by row.

    Args:
        posts: code of each post by its code and by its name.
        packs: codes of the packs that are here.
    """
    first: dict[str, int] = {}
    if not lines:
        yield Mark(0, "", _("The file has no rows below its head."), False)
    for line in lines:
        for field in FIELDS.values():
            value = line.values.get(field.key, "")
            if field.is_required and not value:
                text = _("“%(field)s” is empty.") % {"field": field.label}
                yield Mark(line.row_no, field.key, text, False)
            elif len(value) > LONGEST:
                facts = {"field": field.label, "n": LONGEST}
                text = _("“%(field)s” has more than %(n)s signs.") % facts
                yield Mark(line.row_no, field.key, text, False)
        code = line.values.get("code", "")
        if code and (before := first.setdefault(code, line.row_no)) != line.row_no:
            text = _("Code %(code)s stands in row %(row)s already.") % {"code": code, "row": before}
            yield Mark(line.row_no, "code", text, False)
        if (post := line.values.get("owner_post", "")) and post not in posts:
            text = _("There is no post %(posts)s.") % {"posts": post}
            yield Mark(line.row_no, "owner_post", text, False)
        if (pack := line.values.get("pack", "")) and pack not in packs:
            text = _("There is no process %(code)s.") % {"code": pack}
            yield Mark(line.row_no, "pack", text, False)
