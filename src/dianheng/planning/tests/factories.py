"""Resources and processes that book them, by situation."""

from datetime import datetime

from django.utils import timezone

from dianheng.common.actor import Actor
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import metering_centre
from dianheng.planning.models import Booking, Resource
from dianheng.planning.services import booking_make, resource_make
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import instance_start, pack_load, task_complete
from dianheng.workflow.tests.factories import RIGHTS, holder

EVERYBODY = [*RIGHTS, "planning.view"]


def at(text: str) -> datetime:
    """A moment of the organisation's clock."""
    return timezone.make_aware(datetime.fromisoformat(text))


def vehicle(code: str = "CAR-1", name: str = "皮卡") -> Resource:
    """A vehicle of the metering centre."""
    return Resource.objects.filter(code=code).first() or resource_make(
        code=code, name=name, kind="vehicle", unit=metering_centre(), actor=system_actor()
    )


def booked(first: str, last: str, resource: str = "CAR-1", document: str = "process:A") -> Booking:
    """The vehicle, booked from one moment to another."""
    vehicle()
    return booking_make(
        resource=resource, from_at=at(first), to_at=at(last), purpose="送表", actor=applicant(),
        document=document,
    )  # fmt: skip


def applicant(login: str = "zhou", name: str = "周敏") -> Actor:
    """A keeper, who asks for resources."""
    return actor_for_person(holder(login, name, "KEEPER", metering_centre(), EVERYBODY))


def office() -> Actor:
    """The office, which lends them."""
    rights = [*EVERYBODY, "planning.manage"]
    return actor_for_person(holder("han", "韩雪", "OFFICE", metering_centre(), rights))


def office_head() -> Actor:
    """The head of the office, who approves."""
    return actor_for_person(holder("qian", "钱文", "OFFICE_HEAD", metering_centre(), EVERYBODY))


def booking_pack() -> None:
    """The process that books, in force."""
    folder = next(path for path in shipped_folders() if path.name == "resource_booking")
    pack_load(folder=folder, actor=system_actor())


def asked_for(first: str, last: str, who: Actor | None = None) -> ProcessInstance:
    """A process that has asked for the vehicle."""
    vehicle()
    who = who or applicant()
    one = instance_start(code="resource-booking", unit=metering_centre(), title="送表", actor=who)
    data = {"resource": "CAR-1", "from_at": first, "to_at": last, "purpose": "向县库送表"}
    step(one, "apply", who, **data)
    return one


def step(one: ProcessInstance, name: str, who: Actor, **data: str) -> None:
    """Somebody does a step."""
    task_complete(task=one.tasks.filter(task=name).latest("pk"), data=data, actor=who)
