"""A bench found bad at its intermediate check, and a rule tried on the past."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from dianheng.analysis.choices import Cause
from dianheng.analysis.columns import columns_write
from dianheng.analysis.services import cause_of, trace_declare, trial_start

from .company import acting, unit

BENCH = "BZ0002"


def the_analyses() -> None:
    """The metrologist looks back; the worker finds what there is when the program starts."""
    metrologist = acting("gaoyan")
    key, text, owner = cause_of(cause=Cause.STANDARD, code=BENCH)
    now = timezone.now()
    trace_declare(
        unit=owner,
        cause=Cause.STANDARD,
        key=key,
        text=text,
        from_at=now - timedelta(days=120),
        through_at=now,
        found_error_pct=Decimal("0.3"),
        reason="期间核查：电流回路接触不良，1.0、Ib点附加误差最大0.3%，装置已停用待修。",
        actor=metrologist,
    )
    columns_write()  # else the worker would take the readings in after the trial has run
    trial_start(
        unit=unit("3540001"),
        title="内控限由60%改为50%，哪些表会超出？",
        item="errors",
        limit_factor=Decimal("0.5"),
        actor=metrologist,
    )
