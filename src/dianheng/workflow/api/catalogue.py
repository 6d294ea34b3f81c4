"""The utility's own catalogue of business items by machine: what stands in it, and its import."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, File, Form, Query, Router, Schema
from ninja.files import UploadedFile

from dianheng.common.errors import Refused
from dianheng.common.pages import no_right
from dianheng.common.uploads import uploaded
from dianheng.identity.services import actor_of

from .. import services
from ..models import CatalogueFile, CatalogueItem
from ..selectors.catalogue import catalogue_items

router = Router()


class ItemOut(Schema):
    """A sub-item of the catalogue."""

    code: str
    module: str
    business_class: str
    item: str
    sub_item: str
    owner_post: str
    pack: str
    is_in_force: bool = Field(description="Whether its pack is in force.")


class ItemsIn(Schema):
    """Which sub-items."""

    module: str = ""
    business_class: str = ""
    is_in_force: bool | None = None
    after: str = Field("", description="`code` of the last one of the page before.")
    limit: int = Field(100, ge=1, le=1000)


class FaultOut(Schema):
    """What is wrong in a file, and where."""

    row: int
    field: str
    text: str


class CatalogueFileOut(Schema):
    """A file as it was checked, and whether it is the catalogue now."""

    digest: str
    name: str
    rows: int
    faults: list[FaultOut]
    taken_at: datetime | None


def _require(request: HttpRequest, right: str) -> None:
    if not request.rights.may(right):  # type: ignore[attr-defined]
        raise Refused(no_right(right))


def _item(one: CatalogueItem) -> ItemOut:
    return ItemOut(
        code=one.code, module=one.module, business_class=one.business_class, item=one.item,
        sub_item=one.sub_item, owner_post=one.owner_post, pack=one.pack,
        is_in_force=one.has_pack == "force",  # type: ignore[attr-defined]
    )  # fmt: skip


@router.get("processes/catalogue", response=list[ItemOut])
def items(request: HttpRequest, wanted: Query[ItemsIn]) -> list[ItemOut]:
    """Sub-items of the company's own catalogue, by code, with which pack is in force."""
    _require(request, "workflow.view")
    rows = catalogue_items().filter(code__gt=wanted.after)
    for field in ("module", "business_class"):
        if value := getattr(wanted, field):
            rows = rows.filter(**{field: value})
    if wanted.is_in_force is not None:
        rows = rows.filter(has_pack="force" if wanted.is_in_force else "none")
    return [_item(one) for one in rows.order_by("code")[: wanted.limit]]


def _file(one: CatalogueFile) -> CatalogueFileOut:
    return CatalogueFileOut(
        digest=one.digest, name=one.name, rows=one.row_count, taken_at=one.taken_at,
        faults=[FaultOut(row=row, field=field, text=text) for row, field, text in one.faults],
    )  # fmt: skip


@router.post("processes/catalogue", response=CatalogueFileOut)
def take(
    request: HttpRequest, file: File[UploadedFile], only_check: Form[bool] = False
) -> CatalogueFileOut:
    """Check a file and let it be the whole catalogue; with faults nothing is taken.

    The same file again has no second effect. `only_check` answers the faults and takes nothing.
    """
    actor = actor_of(request)
    with uploaded(file) as path:
        found = services.catalogue_receive(path=path, name=file.name or "", actor=actor)
    if not only_check:
        found = services.catalogue_take(file=found, actor=actor)
    return _file(found)
