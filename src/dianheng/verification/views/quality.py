"""Pages of QC batches: read by scan or file, seen as a table and a picture, judged, on paper."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.assets.models import Device
from dianheng.common.access import note_refusal
from dianheng.common.charts import Chart, Line, Mark
from dianheng.common.errors import NotFound, Refusal, Refused
from dianheng.common.forms import answer_form, take_refusal
from dianheng.common.lists import Choice, Column, Contains, Days, Flag, ListPage, PageAction
from dianheng.common.numbers import halfwidth
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.common.search import clean_code
from dianheng.documents.services import paper_pdf
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of
from dianheng.standards.selectors import benches

from .. import services
from ..choices import (
    QUALITY_OUTCOME_TONE,
    QUALITY_TONE,
    Moment,
    QualityKind,
    QualityOutcome,
    QualityState,
    Register,
    Source,
)
from ..forms import CollectorForm, JudgeForm, QualityForm, ReasonForm
from ..models import QualityBatch
from ..papers import quality_record
from ..selectors.quality import (
    BatchSeen,
    batch_seen,
    quality_batch_by_number,
    quality_batches,
    quality_results,
)
from .common import VIEW, action, may, refusal_of

TEST, SEND, REVIEW = "verification.test", "verification.upload", "verification.review"
CHARTED = 60  # bars that one can still tell apart


def _count(name: str) -> Any:
    return lambda row: getattr(row.verdict, name) if hasattr(row, "verdict") else None


def _of_batch(row: Any) -> str:
    return reverse("quality_batch", args=[row.batch.number])


BATCHES = ListPage(
    key="verification.quality",
    title=gettext_lazy("QC batches"),
    rows=lambda scope: quality_batches(),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("QC batch"), kind="code", sort="number"),
        Column("state", gettext_lazy("State"), kind="state", choices=QualityState.choices, tones=QUALITY_TONE),
        Column("outcome", gettext_lazy("Outcome"), kind="state", choices=QualityOutcome.choices, tones=QUALITY_OUTCOME_TONE),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("bench", gettext_lazy("Bench"), "bench.barcode", kind="code"),
        Column("reference", gettext_lazy("Reference meter"), "reference.barcode", kind="code"),
        Column("lot", gettext_lazy("Lot"), "lot.code"),
        Column("meters", gettext_lazy("Meters"), _count("meter_count"), kind="number"),
        Column("failures", gettext_lazy("Failures"), _count("failure_count"), kind="number"),
        Column("made_at", gettext_lazy("Made at"), kind="moment"),
        Column("judged_by", gettext_lazy("Judged by"), lambda row: row.verdict.judged_by.name if hasattr(row, "verdict") else ""),
        Column("unit", gettext_lazy("Laboratory"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=QualityState.choices),
        Choice("outcome", gettext_lazy("Outcome"), options=QualityOutcome.choices[:2]),
        Choice("kind", gettext_lazy("Kind"), options=QualityKind.choices),
        Contains("bench", gettext_lazy("Bench"), "bench__barcode"),
        Days("made", gettext_lazy("Made at"), "made_at", of_moment=True),
    ],
    search=("number", "lot__code"),
    row_url=lambda row: reverse("quality_batch", args=[row.number]),
    actions=lambda request: [
        action(
            _("Begin a QC batch"), reverse("quality_batch_new"),
            None if request.rights.may(TEST) else no_right(TEST), is_primary=True,  # type: ignore[attr-defined]
        )
    ],
    cards=("number", "state", "outcome", "bench"),
    empty_text=gettext_lazy(
        "No QC batch yet. Begin one on a register-run or QC bench and read the registers."
    ),
)  # fmt: skip

RESULTS = ListPage(
    key="verification.quality_results",
    title=gettext_lazy("QC results"),
    rows=lambda scope: quality_results(),
    right=VIEW,
    unit_field="batch__unit",
    columns=[
        Column("barcode", gettext_lazy("Bar code"), "device.barcode", kind="code"),
        Column("outcome", gettext_lazy("Outcome"), kind="state", choices=QualityOutcome.choices, tones=QUALITY_OUTCOME_TONE),
        Column("difference", gettext_lazy("Difference"), "difference_kwh", kind="number", unit="kWh"),
        Column("limit", gettext_lazy("Limit"), lambda row: f"±{row.limit_kwh:f}", kind="number", unit="kWh"),
        Column("difference_pct", gettext_lazy("Difference"), kind="number", unit="%", decimals=2),
        Column("is_apart", gettext_lazy("Stands apart"), kind="flag"),
        Column("start", gettext_lazy("Start reading"), "start_kwh", kind="number", unit="kWh"),
        Column("end", gettext_lazy("End reading"), "end_kwh", kind="number", unit="kWh"),
        Column("increment", gettext_lazy("Increment"), "increment_kwh", kind="number", unit="kWh"),
        Column("rates", gettext_lazy("Total less rates"), "rates_difference_kwh", kind="number", unit="kWh", hidden=True),
        Column("batch", gettext_lazy("QC batch"), "batch.number", kind="code", url=_of_batch),
        Column("model", gettext_lazy("Model"), "device.model.code"),
        Column("maker", gettext_lazy("Maker"), "device.model.manufacturer.short_name"),
        Column("lot", gettext_lazy("Lot"), "device.lot.code", hidden=True),
    ],
    filters=[
        Choice("outcome", gettext_lazy("Outcome"), options=QualityOutcome.choices),
        Flag("is_apart", gettext_lazy("Stands apart"), "is_apart"),
        Contains("batch", gettext_lazy("QC batch"), "batch__number"),
    ],
    search=("device__barcode", "batch__number"),
    row_url=lambda row: reverse("device", args=[row.device.barcode]),
    cards=("barcode", "outcome", "difference", "batch"),
    empty_text=gettext_lazy("No QC batch has been judged yet."),
)  # fmt: skip


@opens_to(VIEW)
def batch_list(request: HttpRequest) -> HttpResponse:
    """All batches of the laboratories one may see."""
    return BATCHES.answer(request)


@opens_to(VIEW)
def result_list(request: HttpRequest) -> HttpResponse:
    """Meters of judged batches, one a row."""
    return RESULTS.answer(request)


def _visible(request: HttpRequest, number: str) -> QualityBatch:
    found = quality_batch_by_number(number)
    if not may(request, VIEW, found.unit):
        raise NotFound(_("There is no QC batch %(no)s.") % {"no": number})
    return found


def _crumbs(number: str) -> list[tuple[Any, str]]:
    return [
        (BATCHES.title, reverse("quality_batches")),
        (number, reverse("quality_batch", args=[number])),
    ]


@needs(TEST)
def batch_new(request: HttpRequest) -> HttpResponse:
    """Begin a batch."""
    units = units_with_right(request.rights, TEST)  # type: ignore[attr-defined]
    last = QualityBatch.objects.filter(made_by=request.user.pk).order_by("-pk").first()  # type: ignore[misc]
    initial = {
        "unit": last.unit_id if last else getattr(request.user, "unit_id", None),
        "kind": last.kind if last else QualityKind.REGISTER_RUN.value,
        "bench": last.bench_id if last else None,
        "reference": last.reference.barcode if last else "",
    }
    form = QualityForm(
        request.POST or None, units=units, benches=benches([unit.pk for unit in units]),
        initial=initial,
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        made = services.quality_batch_make(**data, actor=actor_of(request))
        return reverse("quality_batch", args=[made.number])

    return answer_form(
        request, form, act, title=_("Begin a QC batch"), submit=_("Begin"),
        back=reverse("quality_batches"), crumbs=[(BATCHES.title, reverse("quality_batches"))],
        intro=_(
            "Verified meters run once more beside a reference meter. Read the registers of all of "
            "them before the run and after it."
        ),
    )  # fmt: skip


# -- reading by scan -------------------------------------------------------------------------------


@dataclass
class Reader:
    """The form that reads one meter after the other: what stands in it, where the cursor is."""

    moment: str = Moment.START.value
    has_rates: bool = False
    code: str = ""
    values: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    outcome: str = ""  # good, repeat, refused; empty: nothing was read yet
    title: str = ""
    texts: list[str] = field(default_factory=list)
    asks_reason: bool = False

    @property
    def moments(self) -> list[tuple[str, Any]]:
        """Both ends of the run."""
        return list(Moment.choices)

    @property
    def registers(self) -> list[tuple[str, Any, str]]:
        """Registers that are asked, with what was typed."""
        names = Register.values if self.has_rates else [Register.TOTAL.value]
        return [(name, Register(name).label, self.values.get(name, "")) for name in names]

    @property
    def focus(self) -> str:
        """Where the cursor stands: the reading when the bar code is there."""
        if not self.code:
            return "code"
        return "reason" if self.asks_reason and not self.reason else Register.TOTAL.value


def _reader_of(request: HttpRequest) -> Reader:
    data = request.POST or request.GET
    moment = data.get("moment", "")
    return Reader(
        moment if moment in Moment.values else Moment.START.value,
        bool(data.get("rates")),
        clean_code(data.get("code", "")),
        {name: halfwidth(data.get(name, "")).strip()[:40] for name in Register.values},
        data.get("reason", "").strip()[:300],
    )


@require_POST
@needs(TEST)
def read(request: HttpRequest, number: str) -> HttpResponse:
    """One meter: the bar code first, then its registers; Enter after each."""
    found = _visible(request, number)
    reader = _reader_of(request)
    given = {name: text for name, text in reader.values.items() if text}
    if not given:
        _look_up(reader, found)
    else:
        try:
            done = services.readings_scan(
                batch=found, code=reader.code, moment=reader.moment, readings=given,
                actor=actor_of(request), reason=reader.reason,
            )  # fmt: skip
        except Refused as refused:
            note_refusal(request, refused)
            errors = refused.refusal.errors
            reader.outcome, reader.title = "refused", reader.code
            reader.texts = [str(one.get("why") or one["text"]) for one in errors] or [
                str(refused.refusal.text)
            ]
            reader.asks_reason = any(one.get("code") == "read_before" for one in errors)
            if any(one.get("field") == "barcode" for one in errors):
                reader.code, reader.values = "", {}
        else:
            said = ", ".join(f"{Register(name).label} {text}" for name, text in given.items())
            told = Reader(reader.moment, reader.has_rates)
            told.outcome = "repeat" if done.is_repeat else "good"
            told.title, told.texts = reader.code, [f"{Moment(reader.moment).label}: {said} kWh"]
            reader = told
    if getattr(request, "htmx", False):
        answer = render(
            request, "verification/quality.html#reader", {"reader": reader, "batch": found}
        )
        if reader.outcome in ("good", "repeat"):
            answer["HX-Trigger"] = "quality:read"
        return answer
    if reader.outcome in ("good", "repeat"):
        messages.success(request, f"{reader.title} {reader.texts[0]}")
        query = {"moment": reader.moment, **({"rates": "1"} if reader.has_rates else {})}
        return redirect(f"{reverse('quality_batch', args=[number])}?{urlencode(query)}")
    return _page(request, found, reader)


def _look_up(reader: Reader, batch: QualityBatch) -> None:
    """What is known of a scanned meter, before its reading is typed."""
    device = Device.objects.select_related("model").filter(barcode=reader.code).first()
    if device is None:
        reader.outcome, reader.title = "refused", reader.code
        reader.texts, reader.code = [_("No device has this code.")], ""
        return
    reader.title = f"{device.barcode} {device.model.code}"
    if device.pk == batch.reference_id:
        reader.texts.append(_("the reference meter"))
    for row in batch.readings.filter(device=device).order_by("pk"):
        facts = {
            "moment": row.get_moment_display(),
            "register": row.get_register_display(),
            "value": f"{row.reading_kwh:f}",
        }
        reader.texts.append(_("%(moment)s, %(register)s: %(value)s kWh") % facts)


# -- the batch -------------------------------------------------------------------------------------


@needs(VIEW)
def batch(request: HttpRequest, number: str) -> HttpResponse:
    """One batch: the field to read into, differences as a table and a picture, what is missing."""
    return _page(request, _visible(request, number), _reader_of(request))


def _page(request: HttpRequest, found: QualityBatch, reader: Reader) -> HttpResponse:
    is_open = found.state == QualityState.OPEN
    seen = batch_seen(found) if is_open else None
    if seen is not None:
        rows: list[Any] = list(seen.meters)
    else:
        rows = list(found.results.select_related("device__model").order_by("seq"))
    verdict = getattr(found, "verdict", None)
    context = {
        "title": found.number,
        "batch": found,
        "seen": seen,
        "verdict": verdict,
        "rows": rows,
        "has_rates": any(row.rates_difference_kwh is not None for row in rows),
        "apart": [row.device.barcode for row in rows if row.is_apart],
        "unjudged": _unjudged(rows),
        "share": _share(found, len(rows) - len(_unjudged(rows))),
        "chart": _chart(rows),
        "reference_kwh": seen.reference_kwh if seen else (verdict.reference_kwh if verdict else None),
        "tone": QUALITY_TONE[QualityState(found.state)],
        "outcome_tones": QUALITY_OUTCOME_TONE,
        "reader": reader if is_open and may(request, TEST, found.unit) else None,
        "actions": _actions(request, found, seen),
        "results_url": f"{reverse('quality_results')}?{urlencode({'batch': found.number})}",
    }  # fmt: skip
    part = "#meters" if request.GET.get("part") == "meters" else ""
    return render(request, f"verification/quality.html{part}", context)


def _actions(request: HttpRequest, found: QualityBatch, seen: BatchSeen | None) -> list[PageAction]:
    def at(name: str) -> str:
        return reverse(name, args=[found.number])

    closed = Refusal("state", _("The batch is closed."))
    unjudged = Refusal("not_judged", _("The batch is not judged yet."))
    is_judged = found.state == QualityState.JUDGED
    ready = closed if seen is None else None
    if seen is not None and seen.faults:
        ready = Refusal(seen.faults[0]["code"], seen.faults[0]["text"])
    return [
        action(_("Send a file in"), at("quality_upload"), closed if seen is None else refusal_of(request, SEND, found.unit)),
        action(_("Cancel the batch"), at("quality_cancel"), closed if seen is None else refusal_of(request, TEST, found.unit)),
        action(_("Record as PDF"), at("quality_paper"), None if is_judged else unjudged, is_primary=is_judged),
        action(_("Judge"), at("quality_judge"), refusal_of(request, REVIEW, found.unit) or ready, is_primary=not is_judged),
    ]  # fmt: skip


def _unjudged(rows: Iterable[Any]) -> list[Any]:
    """Meters that have no verdict though they were read to the end."""
    return [row for row in rows if row.outcome == QualityOutcome.NOT_JUDGED]


def _share(found: QualityBatch, meters: int) -> str:
    """The sample as a part of what it stands for."""
    if not found.stands_for:
        return ""
    return f"{meters} / {found.stands_for} = {Decimal(meters) / found.stands_for * 100:.1f} %"


def _chart(rows: list[Any]) -> Chart | None:
    """Differences in parts of their limits, so that classes and runs can be compared."""
    judged = [row for row in rows if row.difference_kwh is not None and row.limit_kwh]
    if not judged:
        return None
    judged.sort(key=lambda row: -abs(row.difference_kwh / row.limit_kwh))
    marks = [
        Mark(
            row.device.barcode[-8:],
            round(row.difference_kwh / row.limit_kwh * 100, 1),
            reverse("device", args=[row.device.barcode]),
            "bad" if row.outcome == QualityOutcome.FAILED else "warn" if row.is_apart else "",
        )
        for row in judged[:CHARTED]
    ]
    limits = [Line(Decimal(at), _("limit")) for at in (-100, 100)]
    return Chart(
        "bars", _("Differences against the reference meter"), marks, limits,
        x_label=_("Meter"), y_label=_("% of the limit"),
        summary=_("%(n)s meters; %(failed)s out of limits, %(apart)s stand apart.") % {
            "n": len(judged),
            "failed": sum(row.outcome == QualityOutcome.FAILED for row in judged),
            "apart": sum(row.is_apart for row in judged),
        },
    )  # fmt: skip


@needs(SEND)
def upload(request: HttpRequest, number: str) -> HttpResponse:
    """The file of a collector."""
    found = _visible(request, number)
    form = CollectorForm(request.POST or None, request.FILES or None)
    faults: list[Any] = []
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            done = services.readings_receive(
                body=sent.read(), name=sent.name, actor=actor_of(request), source=Source.PAGE,
                batch=found, content_type=sent.content_type or "",
            )  # fmt: skip
        except Refused as refused:
            faults = [one for refusal in refused.refusals for one in refusal.errors]
            take_refusal(form, refused, request)
        else:
            text = _("%(n)s readings of %(meters)s meters are taken.")
            if done.is_repeat:
                text = _("These readings were here already; nothing was changed.")
            messages.success(request, text % {"n": done.taken, "meters": done.meters})
            return redirect("quality_batch", number)
    context = {
        "title": _("Send the file of a collector"), "form": form, "submit": _("Send in"),
        "back": reverse("quality_batch", args=[number]), "crumbs": _crumbs(number), "faults": faults,
        "intro": _("A file is taken as a whole, or not at all with everything that is wrong with it."),
    }  # fmt: skip
    return render(
        request, "verification/quality_upload.html", context, status=409 if faults else 200
    )


@needs(REVIEW)
def judge(request: HttpRequest, number: str) -> HttpResponse:
    """What is signed, and the signature."""
    found = _visible(request, number)
    seen = batch_seen(found)
    form = JudgeForm(request.POST or None, initial={"digest": seen.digest})

    def act(data: dict[str, Any]) -> str:
        services.quality_judge(
            batch=found, seen_digest=data["digest"], actor=actor_of(request),
            comment=data["comment"], request_key=data["request_key"],
        )  # fmt: skip
        return reverse("quality_batch", args=[number])

    outcome = QualityOutcome(seen.outcome).label if seen.outcome else "–"
    facts = {
        "no": number, "n": len(seen.judged), "failed": len(seen.failures),
        "allowed": found.allowed_failures, "outcome": outcome,
    }  # fmt: skip
    return answer_form(
        request, form, act, title=_("Judge QC batch %(no)s") % {"no": number}, submit=_("Sign"),
        back=reverse("quality_batch", args=[number]), crumbs=_crumbs(number),
        intro=_(
            "%(n)s meters, %(failed)s out of limits, %(allowed)s allowed. You sign: %(outcome)s."
        ) % facts,
        success=_("The batch is judged."), template="verification/quality_judge.html",
        failures=seen.failures, unjudged=_unjudged(seen.meters), batch=found,
        faults=seen.faults if found.state == QualityState.OPEN else [],
    )  # fmt: skip


@needs(TEST)
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Give a batch up."""
    found = _visible(request, number)

    def act(data: dict[str, Any]) -> str:
        services.quality_batch_cancel(batch=found, reason=data["reason"], actor=actor_of(request))
        return reverse("quality_batch", args=[number])

    return answer_form(
        request, ReasonForm(request.POST or None), act,
        title=_("Cancel QC batch %(no)s") % {"no": number}, submit=_("Cancel the batch"),
        back=reverse("quality_batch", args=[number]), crumbs=_crumbs(number),
        intro=_("What was read stays as evidence; the meters are free for another batch."),
        success=_("The batch is cancelled."),
    )  # fmt: skip


@needs(VIEW)
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """质检记录 as PDF."""
    found = _visible(request, number)
    if not hasattr(found, "verdict"):
        raise Refused(Refusal("not_judged", _("The batch is not judged yet.")))
    language = "en" if (get_language() or "").startswith("en") else "zh"
    content = paper_pdf(
        kind="quality_record", paper=quality_record(found), unit_id=found.unit_id,
        actor=actor_of(request), language=language, right=None,
    )  # fmt: skip
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return answer
