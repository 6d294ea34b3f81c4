"""An answer to an upload in plain words, for the person who finds it beside the file."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from dianheng.fieldwork.choices import Outcome as FieldOutcome
from dianheng.verification.choices import Outcome
from dianheng.verification.models import Verdict
from dianheng.verification.rules import BLOCK_TEXTS


def in_words(answer: Mapping[str, Any]) -> str:
    """Lines of text, what was refused first."""
    if "checks" in answer:
        return "\r\n".join(_of_checks(answer)) + "\r\n"
    if "meters" in answer:
        return "\r\n".join(_of_readings(answer)) + "\r\n"
    lines = _of_devices(answer) if "devices" in answer else _of_refusal(answer)
    return "\r\n".join(lines) + "\r\n"


def _of_checks(answer: Mapping[str, Any]) -> Iterator[str]:
    for told in answer["checks"]:
        if told["is_repeat"]:
            yield _("%(no)s is here already; nothing was doubled.") % {"no": told["number"]}
        else:
            facts = {"no": told["number"], "outcome": FieldOutcome(told["outcome"]).label}
            yield _("%(no)s is recorded: %(outcome)s.") % facts


def _of_readings(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer["is_repeat"]:
        yield _("These readings were here already; nothing was changed.")
    facts = {"n": answer["taken"], "meters": answer["meters"], "no": answer["batch_no"]}
    yield _("QC batch %(no)s: %(n)s readings of %(meters)s meters are taken.") % facts


def _of_refusal(answer: Mapping[str, Any]) -> Iterator[str]:
    yield _("Refused: %(text)s") % {"text": answer.get("text", "")}
    for error in answer.get("errors", ()):
        yield "  " + _fault(error)


def _fault(fault: Mapping[str, Any]) -> str:
    where = str(fault.get("field") or fault.get("seal_no") or "")
    return f"{where} {fault.get('text', '')}".strip()


def _of_devices(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer.get("is_repeat"):
        yield _("These results were here already; nothing was changed.")
    facts = {"taken": answer.get("taken", 0), "refused": answer.get("refused", 0)}
    yield _("Devices taken: %(taken)s, refused: %(refused)s.") % facts
    refused = [told for told in answer["devices"] if told.get("status") != 201]
    if refused:
        yield ""
        yield _("Refused:")
    for told in refused:
        faults = "; ".join(_fault(each) for each in told.get("errors", ()))
        yield f"  {told.get('asset_no', '')}  {faults}"
    taken = [told for told in answer["devices"] if told.get("status") == 201]
    if taken:
        yield ""
        yield _("Taken:")
    blocks = _blocks([told["record_no"] for told in taken if told.get("blocks")])
    for told in taken:
        yield f"  {told['asset_no']}  {told['record_no']}  {_outcome(told['outcome'])}"
        yield from (f"    {text}" for text in blocks.get(told["record_no"], ()))
        for each in told.get("seal_errors", ()):
            yield "    " + _("Seal %(fault)s") % {"fault": _fault(each)}
    missing = answer.get("missing_positions", ())
    if missing:
        yield ""
        yield _("No results came for:")
    for place in missing:
        facts = {"load": place["load_no"], "position": place["position"]}
        yield "  " + _("load %(load)s position %(position)s") % facts + f"  {place['asset_no']}"


def _outcome(code: str) -> str:
    return str(Outcome(code).label) if code in Outcome.values else code


def _blocks(record_nos: list[str]) -> dict[str, list[str]]:
    """Why records are blocked, in words."""
    if not record_nos:
        return {}
    rows = Verdict.objects.filter(record__number__in=record_nos, number=1)
    return {
        number: [str(BLOCK_TEXTS[block["code"]]) % block["facts"] for block in found]
        for number, found in rows.values_list("record__number", "blocks")
    }
