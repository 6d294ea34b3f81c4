"""Usage points by situation."""

from decimal import Decimal
from typing import Any

from dianheng.customers.models import UsagePoint
from dianheng.customers.services import point_make
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre


def cement_works(number: str = "3540010000123", **more: Any) -> UsagePoint:
    """A 10 kV customer, measured three-wire, class III."""
    found = UsagePoint.objects.filter(number=number).first()
    given = {
        "name": "清河水泥厂 1 号进线", "customer_name": "清河水泥有限公司",
        "wiring": "three_phase_three_wire", "rated_kv": Decimal(10), **more,
    }  # fmt: skip
    return found or point_make(
        number=number, unit_id=metering_centre().pk, actor=system_actor(), **given
    )
