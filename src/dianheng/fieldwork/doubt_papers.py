"""Data of 检验结果通知书 and of 启封记录."""

from datetime import date
from typing import Any

from django.utils import timezone

from dianheng.assets.selectors.installations import installations_of_device
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for
from dianheng.verification.papers.parts import device_on_paper
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.selectors import content_of

from .doubt import Doubt


def _forms(instance: ProcessInstance) -> dict[str, str]:
    """Every field of the forms by its name; of a later step the newer one."""
    found: dict[str, Any] = {}
    for data in content_of(instance).values():
        found |= data
    return found


def _head(instance: ProcessInstance, found: Doubt) -> dict[str, Any]:
    forms = _forms(instance)
    hung = installations_of_device(found.device).select_related("usage_point").first()
    point = hung.usage_point if hung else None
    return {
        "number": instance.number,
        "created_at": timezone.localtime(),
        "body": body_for(instance.unit),
        "kind_of_verification": str(found.begun["kind"]),
        "customer_no": forms.get("customer_no", ""),
        "customer": forms.get("customer", "") or (point.customer_name if point else ""),
        "address": point.address if point else "",
        "point_no": point.number if point else "",
        "device": device_on_paper(found.device),
        "task_no": found.evidence.task,
        "taken_on": date.fromisoformat(forms["taken_on"]) if forms.get("taken_on") else None,
        "reason": forms.get("reason", ""),
    }


def notice_of(instance: ProcessInstance, found: Doubt) -> paper.DoubtNotice:
    """What the customer is told: by the record that was taken and approved."""
    taken, now = found.answered, found.evidence
    signed = [
        paper.Signature(role="verifier" if found.begun["way"] != "site" else "leader", name=name)
        for name in list(now.testers.values())[:1]
    ]
    if (agreed := found.approval) is not None:
        on = timezone.localdate(agreed.at)
        signed.append(paper.Signature(role="approver", name=agreed.person.name, signed_on=on))
    return paper.DoubtNotice(
        **_head(instance, found),
        record_no=now.record,
        certificate_no=now.document,
        tested_at=timezone.localtime(now.tested_at) if now.tested_at else None,
        way=str(found.begun["way"]),
        results=tuple(
            paper.SiteResult(
                item=one.item, point=one.point, rounded=one.rounded, limit=one.limit,
                conclusion=one.conclusion,
            )
            for one in now.points
        ),
        conclusion=str(taken["conclusion"]),
        seals=_forms(instance).get("seals", ""),
        present=tuple(found.opening.get("present", ())),
        bearer=str(taken["bearer"]),
        fee_yuan=str(taken["fee"]),
        due_yuan="" if taken["due"] == "0.00" else str(taken["due"]),
        refund_yuan="" if taken["refund"] == "0.00" else str(taken["refund"]),
        settled_since=str(taken.get("since", "")),
        settled_through=str(taken.get("through", "")),
        settled_days=str(taken.get("days", "")),
        error_pct=str(taken.get("error", "")),
        settled_pct=str(taken.get("settle", "")),
        signatures=(*signed, paper.Signature(role="customer")),
    )  # fmt: skip


def opening_of(instance: ProcessInstance, found: Doubt) -> paper.OpeningRecord:
    """Who was invited to the opening of the seal; printed before, signed there."""
    forms = content_of(instance).get("open", {})
    parties = tuple(
        paper.Party(
            side=str(row.get("side", "")), name=str(row.get("name", "")),
            invited_on=str(row.get("invited_on", "")), present=str(row.get("present", "")),
        )
        for row in forms.get("parties", ())
    )  # fmt: skip
    return paper.OpeningRecord(
        **_head(instance, found),
        opened_at=str(forms.get("opened_at", "")),
        seal_nos=str(forms.get("seal_nos", "")),
        seals_whole=str(forms.get("seals_whole", "")),
        parties=parties,
        statement=str(forms.get("remark", "")),
        signatures=(
            paper.Signature(role="customer"),
            paper.Signature(role="company"),
            paper.Signature(role="verifier"),
        ),
    )
