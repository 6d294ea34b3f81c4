"""Labels leave the program only through here: who printed which stands in the print ledger."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.services import require, write_batch

from ..choices import CopyKind
from ..models import DocumentCopy
from ..papers.labels import CODED, SheetUnfitError, compose_labels, sheets
from ..papers.schema.reading import PaperDataError

AT_MOST = 5000  # labels of one print


def labels_print(
    *,
    kind: str,
    labels: Sequence[Any],
    sheet: str,
    unit_ids: Sequence[int],
    actor: Actor,
    first: int = 1,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    copies: int = 1,
    reason: str = "",
    language: str = "zh",
) -> bytes:
    """Labels as PDF for a sheet, each with its line in the print ledger.

    Args:
        labels: dataclasses of the kind (`papers.schema.LABELS`).
        unit_ids: units whose things they are; the right is asked for each.
        first: the first label of the first sheet that is still there, from 1.
        offset_mm: what the printer needs to the right and down.
        copies: of each label, one beside the other.
        reason: why again, of a label that was printed before.
    """
    if not labels:
        raise BadInput(_("Choose what to print labels for."))
    if len(labels) * copies > AT_MOST:
        raise BadInput(_("Print at most %(n)s labels at once.") % {"n": AT_MOST})
    for unit_id in unit_ids:
        actor = require(actor, "documents.print", unit_id)
    with write_batch(actor=actor, action="label.print", reason=reason):
        DocumentCopy.objects.bulk_create(
            DocumentCopy(
                kind=kind, number=getattr(label, CODED[kind]), how=CopyKind.PRINT, copies=copies,
                person_id=actor.person_id, reason=reason,
            )
            for label in labels
        )  # fmt: skip
        return _composed(
            kind, [label for label in labels for _n in range(copies)], sheet, language,
            first=first, offset_mm=offset_mm,
        )  # fmt: skip


def label_test_pdf(
    *, kind: str, sheet: str, offset_mm: tuple[float, float], language: str = "zh"
) -> bytes:
    """Outlines and rulers, to measure the printer's offset; no label, so no ledger line."""
    return _composed(kind, [], sheet, language, first=1, offset_mm=offset_mm, test=True)


def _composed(kind: str, labels: Sequence[Any], sheet: str, language: str, **how: Any) -> bytes:
    try:
        return compose_labels(kind, labels, sheet, language, **how)
    except (SheetUnfitError, PaperDataError):
        names = [s["name"] for s in sheets().values() if kind in s["kinds"]]
        raise BadInput(
            _(
                "The labels do not fit there. Choose one of %(sheets)s, and a first label that is on it."
            )
            % {"sheets": ", ".join(names)}
        ) from None
