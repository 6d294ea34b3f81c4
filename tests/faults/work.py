"""What the person on duty starts, and how it must look in the end."""

from typing import Any

from .conftest import Ground, Later
from .stage import CERTIFIED, IMPORTED, RECEIVED

Answer = tuple[int, str]


def send_file(ground: Ground, made: dict[str, Any]) -> Answer:
    """A maker's file, checked as a job."""
    path = f"/orders/{made['order']}/lines/1/delivery/"
    return ground.visitor.post(path, files={"file": ground.data / "work" / made["file"]})


def take_file(ground: Ground, made: dict[str, Any]) -> Answer:
    """Another one that is checked already, taken as a job."""
    return ground.visitor.post(f"/deliveries/{made['delivery']}/take/", with_warnings="on")


def receive(ground: Ground, made: dict[str, Any]) -> Answer:
    """What was scanned at the door."""
    return ground.visitor.post(f"/arrivals/{made['arrival']}/confirm/")


def certify(ground: Ground, made: dict[str, Any]) -> Answer:
    """A certificate for each device of the task, as a job."""
    lines = [
        str(key)
        for (key,) in ground.all(
            "select l.id from verification_approvalline l"
            " join verification_approval a on a.id = l.approval_id"
            " join verification_verificationtask t on t.id = a.task_id where t.number = %s",
            made["task"],
        )
    ]
    path = f"/tasks/{made['task']}/certificates/"
    return ground.visitor.post(path, what="chosen", line=lines)  # type: ignore[arg-type]


def begin(ground: Ground, made: dict[str, Any]) -> tuple[dict[str, int], Later]:
    """All at once; the three jobs by their kind, and the receipt that is under way."""
    for act in (send_file, take_file, certify):
        status, where = act(ground, made)
        assert status == 302, where
    jobs = dict(ground.all("select kind, max(id) from common_job group by kind"))
    assert set(jobs) == {"supply.check", "supply.take", "verification.certificates"}
    return jobs, Later(receive, ground, made)


def all_is_whole_and_once(ground: Ground, made: dict[str, Any]) -> None:
    checked, faults = ground.all(
        "select f.state, f.fault_count from supply_deliveryfile f join supply_orderline l on l.id = f.line_id"
        " join supply_purchaseorder o on o.id = l.order_id where o.order_no = %s",
        made["order"],
    )[0]
    assert (checked, faults) == ("checked", 0)
    number, state = ground.all(
        "select a.number, f.state from supply_arrival a"
        " join supply_deliveryfile f on f.id = a.delivery_id where f.number = %s",
        made["delivery"],
    )[0]
    assert state == "taken"
    assert events_of(ground, number) == {("announce",): IMPORTED}
    assert events_of(ground, made["arrival"]) == {("announce", "arrive"): RECEIVED}
    received, state = ground.all(
        "select received, state from supply_arrival where number = %s", made["arrival"]
    )[0]
    assert (received, state) == (RECEIVED, "received")
    papers = ground.all(
        "select d.number, d.subjects::text, f.digest from documents_issueddocument d"
        " join documents_storedfile f on f.id = d.file_id where d.subjects @> %s",
        [f"task:{made['task']}"],
    )
    assert len(papers) == len({subjects for _no, subjects, _digest in papers}) == CERTIFIED
    for _no, _subjects, digest in papers:
        assert (ground.data / "files" / digest[:2] / digest[2:]).stat().st_size > 10_000


def events_of(ground: Ground, arrival_no: str) -> dict[tuple[str, ...], int]:
    """How many devices of an arrival have which life."""
    return {
        tuple(life): count
        for life, count in ground.all(
            "select life, count(*) from (select array_agg(e.verb order by e.id) as life"
            " from assets_device d join assets_deviceevent e on e.device_id = d.id"
            " where d.arrival_no = %s group by d.id) lives group by life",
            arrival_no,
        )
    }
