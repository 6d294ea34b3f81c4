"""Pages of the utility's catalogue: module, class, item, with which pack is in force; its import."""

import io
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.excel import write_workbook
from dianheng.common.forms import acted, answer_form
from dianheng.common.lists import Choice, Column, Condition, ListPage, PageAction
from dianheng.common.pages import needs, no_right
from dianheng.common.uploads import uploaded
from dianheng.identity.services import actor_of

from .. import services
from ..catalogue import FIELDS
from ..forms_pages import CatalogueForm
from ..models import CatalogueFile
from ..selectors.catalogue import HAS_PACK, catalogue_items

RIGHT = "workflow.packs"
TONES = {"force": "good", "none": "calm"}


def _with_pack(chosen: list[str]) -> list[Condition]:
    return [Condition(q=Q(has_pack__in=chosen))]


ITEMS = ListPage(
    key="workflow.catalogue",
    title=gettext_lazy("Catalogue of business items"),
    rows=lambda scope: catalogue_items(),
    right="workflow.view",
    columns=[
        Column("code", gettext_lazy("Code"), kind="code", sort="code"),
        Column("module", gettext_lazy("Module")),
        Column("business_class", gettext_lazy("Business class")),
        Column("item", gettext_lazy("Business item")),
        Column("sub_item", gettext_lazy("Sub-item")),
        Column("owner_post", gettext_lazy("Post that answers for it"), kind="code"),
        Column("pack", gettext_lazy("Pack"), kind="code"),
        Column("has_pack", gettext_lazy("State"), kind="state", choices=HAS_PACK, tones=TONES),
    ],
    filters=[
        Choice("has_pack", gettext_lazy("State"), options=list(HAS_PACK.items()), where=_with_pack)
    ],
    default_order="code",
    search=("code", "module", "business_class", "item", "sub_item"),
    row_url=lambda one: reverse("pack", args=[one.pack]) if one.has_pack == "force" else "",
    actions=lambda request: [
        PageAction(_("Take the template"), reverse("catalogue_template")),
        PageAction(_("Import a catalogue"), reverse("catalogue_new"), _no(request), is_primary=True),
    ],
    cards=("code", "item", "sub_item", "has_pack"),
    empty_text=gettext_lazy("No catalogue yet: take the template, fill in the items of your company, import it."),
)  # fmt: skip


def _no(request: HttpRequest) -> Any:
    return None if request.rights.may(RIGHT) else no_right(RIGHT)  # type: ignore[attr-defined]


@needs("workflow.view")
def item_list(request: HttpRequest) -> HttpResponse:
    """Every item of the utility's own catalogue, with which pack is in force for it."""
    return ITEMS.answer(request)


@needs("workflow.view")
def template(request: HttpRequest) -> FileResponse:
    """An empty workbook with the columns; the names of modules and classes are the utility's own."""
    out = io.BytesIO()
    title = str(_("Catalogue of business items"))
    write_workbook(out, title, [field.names[0] for field in FIELDS.values()], [])
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=f"{title}.xlsx")


@needs(RIGHT)
def upload(request: HttpRequest) -> HttpResponse:
    """A file is checked as a whole; nothing is taken yet."""

    def act(data: dict[str, Any]) -> str:
        with uploaded(data["file"]) as path:
            found = services.catalogue_receive(
                path=path, name=data["file"].name, actor=actor_of(request)
            )
        return reverse("catalogue_file", args=[found.digest])

    return answer_form(
        request, CatalogueForm(request.POST or None, request.FILES or None), act,
        title=_("Import a catalogue"), submit=_("Check the file"), back=reverse("catalogue"),
        crumbs=[(_("Catalogue of business items"), reverse("catalogue"))],
        intro=_("The file is the whole catalogue: what it does not name is gone when it is taken."),
    )  # fmt: skip


@needs(RIGHT)
def file(request: HttpRequest, digest: str) -> HttpResponse:
    """What the check found; taking it where all is well."""
    found = get_object_or_404(
        CatalogueFile.objects.select_related("uploaded_by", "taken_by"), digest=digest
    )
    labels = {key: field.label for key, field in FIELDS.items()}
    faults = [(row, labels.get(field, ""), text) for row, field, text in found.faults[:200]]
    context = {"title": found.name, "one": found, "faults": faults}
    return render(request, "workflow/catalogue_file.html", context)


@needs(RIGHT)
def marked(request: HttpRequest, digest: str) -> FileResponse:
    """The file with every fault at its row."""
    found = get_object_or_404(CatalogueFile, digest=digest)
    name = f"{Path(found.name).stem}-{_('Faults')}.xlsx"
    return FileResponse(services.marked_catalogue(found), as_attachment=True, filename=name)


@require_POST
@needs(RIGHT)
def take(request: HttpRequest, digest: str) -> HttpResponse:
    """Let the file be the catalogue."""
    found = get_object_or_404(CatalogueFile, digest=digest)
    act = lambda: services.catalogue_take(file=found, actor=actor_of(request))  # noqa: E731
    return acted(
        request, act, reverse("catalogue_file", args=[digest]), _("The catalogue is taken.")
    )
