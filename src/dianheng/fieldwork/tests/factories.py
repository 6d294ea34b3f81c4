"""Points with meters on the wall, tasks, calibrators, and what is measured there."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import DeviceKind, DeviceState, HungRole
from dianheng.assets.models import Device, DeviceModel
from dianheng.assets.services import Hang, devices_install, manufacturer_make, model_make
from dianheng.assets.tests.factories import barcode, store
from dianheng.customers.models import UsagePoint
from dianheng.customers.tests.factories import cement_works
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.services import task_make
from dianheng.identity.models import Person, Unit
from dianheng.identity.services import actor_for_person, system_actor, write_batch
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.metrology.rule_sets import rule_set
from dianheng.standards.services import standard_certify
from dianheng.standards.tests.factories import equipment
from dianheng.verification.services import rule_set_sign

HUNG_ON = timedelta(days=400)
CALIBRATOR = "XY0001"
# What a right three-wire wiring shows at cosφ 0.87 (φ 30°), angles against U12.
RIGHT = {
    "u1": "100.2", "u1_deg": "0", "u2": "100.4", "u2_deg": "300.1",
    "i1": "1.21", "i1_deg": "60.3", "i2": "1.20", "i2_deg": "300.4",
}  # fmt: skip
REVERSED = {**RIGHT, "i1_deg": "240.3"}  # current of the first element reversed
CONDITIONS = {
    "temperature_c": "12.5", "humidity_pct": "58", "frequency_hz": "50.01", "cos_phi": "0.87",
    "load_kind": "L",
}  # fmt: skip


def gateway_model() -> DeviceModel:
    """A class-0.5S three-wire meter 100 V 1.5(6) A."""
    return DeviceModel.objects.filter(code="DSZ1808").first() or model_make(
        manufacturer=manufacturer_make(
            code="HL", name="华立科技股份有限公司", short_name="华立", actor=system_actor()
        ),
        code="DSZ1808", actor=system_actor(), kind=DeviceKind.THREE_PHASE_METER,
        name="三相三线智能电能表", accuracy_class="0.5S", wiring="three_phase_three_wire",
        connection="via_transformer", voltage_v=100, base_current_a="1.5", max_current_a=6,
        constant_imp_per_kwh=20000,
    )  # fmt: skip


def issued_meter(number: int = 900, **more: Any) -> Device:
    """A meter that was issued to be installed."""
    with write_batch(actor=system_actor(), action="test.meter") as batch:
        return Device.objects.create(
            barcode=barcode(number), kind=DeviceKind.THREE_PHASE_METER, model=gateway_model(),
            unit=metering_centre(), place=store(), state=DeviceState.ISSUED, state_at=batch.at,
            valid_through=timezone.localdate() + timedelta(days=2000), **more,
        )  # fmt: skip


def point_with_meter(number: int = 900, since: timedelta = HUNG_ON) -> tuple[UsagePoint, Device]:
    """A 10 kV customer whose meter hangs there, for a year where nothing else is said."""
    point, meter = cement_works(), issued_meter(number)
    devices_install(
        point=point, hangs=[Hang(meter.pk, HungRole.METER)], actor=system_actor("command"),
        installed_at=timezone.now() - since,
    )  # fmt: skip
    return point, Device.objects.get(pk=meter.pk)


RULES = (
    ("DL/T 448", "2016"), ("DL/T 448", "2000"), ("DL/T 1664", "2016"), ("JJG 596", "2012"),
    ("JJG 1021", "2007"), ("JJG 1189.3", "2022"), ("First check practice", "2016"),
)  # fmt: skip


def sign_rules(unit: Unit | None = None) -> None:
    """A metrologist of the laboratory confirms what checks on site are judged by."""
    unit = unit or metering_centre()
    actor = actor_for_person(person_with("*", login=f"signs-{unit.code}", name="周计量", unit=unit))
    for standard, edition in RULES:
        rules = rule_set(standard, edition)
        rule_set_sign(
            unit=unit, standard=standard, edition=edition, digest=rules.digest,
            statement="与规程原文核对一致", actor=actor,
        )  # fmt: skip


def calibrator(
    valid_through: date | None = None, accuracy_class: str = "0.05", *, is_signed: bool = True
) -> Device:
    """A field calibrator with a certificate, of a laboratory that has signed its rules."""
    if is_signed:
        sign_rules()
    device = equipment(CALIBRATOR, DeviceKind.INSTRUMENT, "KY20")
    standard_certify(
        device=device, number="DNJL-0921", issuer="省计量科学研究院", accuracy_class=accuracy_class,
        valid_from=date(2020, 1, 1), valid_through=valid_through or timezone.localdate() + timedelta(days=90),
        actor=system_actor("command"),
    )  # fmt: skip
    return device


def crew() -> tuple[Person, Person]:
    """Two people who check on site."""
    rights = (
        "fieldwork.view", "fieldwork.plan", "fieldwork.record", "customers.view", "assets.view",
        "assets.install", "documents.view",
    )  # fmt: skip
    return (
        person_with(*rights, login="machao", name="马超"),
        person_with(*rights, login="hejie", name="何洁"),
    )


def field_task(point: UsagePoint | None = None) -> FieldTask:
    """A periodic check of the cement works, due in a week."""
    leader, second = crew()
    return task_make(
        point=point or point_with_meter()[0], kind="whole", leader=leader, second=second,
        due_on=timezone.localdate() + timedelta(days=7), actor=system_actor("command"),
    )  # fmt: skip


def an_hour_ago() -> datetime:
    """When the check was made."""
    return timezone.now() - timedelta(hours=1)


def point_with_transformers(since: timedelta = HUNG_ON) -> UsagePoint:
    """A point whose meter hangs behind two low-voltage current transformers of class 0.5S."""
    point, _meter = point_with_meter(since=since)
    model = DeviceModel.objects.filter(code="LMZ1-0.66").first() or model_make(
        manufacturer=manufacturer_make(
            code="JD", name="金电互感器有限公司", short_name="金电", actor=system_actor()
        ),
        code="LMZ1-0.66", actor=system_actor(), kind=DeviceKind.CURRENT_TRANSFORMER,
        name="低压电流互感器", accuracy_class="0.5S", ratio="200/5", burden_va="5",
        parameters={"rated_voltage_kv": "0.66"},
    )  # fmt: skip
    with write_batch(actor=system_actor(), action="test.transformers") as batch:
        devices = [
            Device.objects.create(
                barcode=f"HG{n:08d}", kind=model.kind, model=model, unit=metering_centre(),
                place=store(), state=DeviceState.ISSUED, state_at=batch.at,
            )
            for n in (1, 2)
        ]  # fmt: skip
    devices_install(
        point=point, actor=system_actor("command"), installed_at=timezone.now() - since,
        hangs=[
            Hang(device.pk, HungRole.CURRENT_TRANSFORMER, element)
            for device, element in zip(devices, "ac", strict=True)
        ],
    )  # fmt: skip
    return point


def transformer_task(point: UsagePoint | None = None) -> FieldTask:
    """The transformers of a point are measured within a week."""
    leader, second = crew()
    return task_make(
        point=point or point_with_transformers(), kind="transformer", leader=leader, second=second,
        due_on=timezone.localdate() + timedelta(days=7), actor=system_actor("command"),
    )  # fmt: skip


def transformer_points(
    device: Device | None = None, f: str = "0.410", delta: str = "12.3"
) -> list[dict[str, Any]]:
    """All points of a current transformer in use, as a tester sends them."""
    points: list[dict[str, Any]] = [{"item": "VISUAL", "facts": {"is_passed": True}}]
    for burden, percents in (("RATED", (1, 5, 20, 100, 120)), ("LOWER", (1, 5, 20, 100))):
        for percent in percents:
            place = {
                "part": "CT", "phase": "ABC", "ratio": "200/5", "burden": burden,
                "percent_rated": str(percent),
            }  # fmt: skip
            points += [
                {"item": "RATIO_ERROR", "samples": [f], "unit": "%", **place},
                {"item": "PHASE_DISPLACEMENT", "samples": [delta], "unit": "min", **place},
            ]
    return [{"seq": seq, **point} for seq, point in enumerate(points, 1)]
