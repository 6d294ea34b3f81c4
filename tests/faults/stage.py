"""Work whose middle the tests hit, made through the services on a data folder.

Run as a program: `stage.py FOLDER ROUNDS` with DIANHENG_DATA set; says in JSON what it made.
Per round: a maker's file to be sent in, another that is checked and waits to be taken, an
arrival that is scanned but not received, a task whose devices are approved and have no
certificate yet.
"""

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

IMPORTED, RECEIVED, CERTIFIED = 2_400, 2_400, 40
AT_ONCE = 400  # scans a request


def make(folder: Path, rounds: int) -> dict[str, Any]:
    from dianheng.identity.tests.factories import PASSWORD, person_with
    from dianheng.verification.tests.factories import laboratory

    person_with("*", login="duty", name="值班员")
    lab = laboratory()
    return {
        "login": "duty",
        "password": PASSWORD,
        "rounds": [make_round(folder, lab, number) for number in range(rounds)],
    }


def make_round(folder: Path, lab: Any, number: int) -> dict[str, Any]:
    from dianheng.supply.seeds import delivery_rows, write_csv
    from dianheng.supply.tests.factories import goods, order_line, right_delivery

    first = f"4130001000004{number:02d}000001"
    waiting = order_line(IMPORTED, order_no=f"DD-TAKE-{number}", first=first)
    first = f"4130001000005{number:02d}000001"
    line = order_line(IMPORTED, order_no=f"DD-FILE-{number}", first=first)
    file = write_csv(folder / f"file-{number}.csv", delivery_rows(goods(line), IMPORTED))
    return {
        "order": line.order.order_no,
        "file": file.name,
        "delivery": right_delivery(IMPORTED, folder, waiting).number,
        "arrival": scanned(folder, number),
        "task": approved(lab, number),
    }


def scanned(folder: Path, number: int) -> str:
    """An arrival that was scanned box by box and waits to be received."""
    from dianheng.assets.tests.factories import store
    from dianheng.identity.tests.factories import actor_with
    from dianheng.supply.services import arrival_make, arrival_scan
    from dianheng.supply.tests.factories import announced, order_line

    first = f"4130001000006{number:02d}000001"
    line = order_line(RECEIVED, order_no=f"DD-DOOR-{number}", first=first)
    arrival = announced(RECEIVED, folder, line)
    keeper = actor_with("supply.view", "supply.receive", login="shouhuo", name="孙收货")
    arrival_make(arrival=arrival, place=store(), delivery_note_no=f"SH-{number}", actor=keeper)
    scans = [{"key": f"b{n}", "code": box.code} for n, box in enumerate(arrival.boxes.all())]
    for at in range(0, len(scans), AT_ONCE):
        arrival_scan(arrival=arrival, actor=keeper, scans=scans[at : at + AT_ONCE])
    return arrival.number


def approved(lab: Any, number: int) -> str:
    """A task whose devices are tested, sealed, reviewed and approved."""
    from dianheng.identity.tests.factories import PASSWORD
    from dianheng.verification.rules import signing_digest
    from dianheng.verification.services import results_approve, results_review
    from dianheng.verification.services.decision import lines_of, rows_for
    from dianheng.verification.tests.factories import (
        envelope_of,
        load_with,
        seals_for,
        send,
        task_with,
    )

    first = 1 + number * CERTIFIED
    task = task_with(CERTIFIED, first=first)
    codes = list(task.devices.order_by("seq").values_list("device__barcode", flat=True))
    send(envelope_of(lab, load_with(task, lab.bench), seals=seals_for(codes, 2 * first)))
    keys = list(task.devices.values_list("pk", flat=True))
    digest = signing_digest(lines_of(rows_for(task, keys)))
    results_review(task=task, agreed=keys, seen_digest=digest, actor=signer("checker"))
    results_approve(
        task=task, task_device_ids=keys, seen_digest=digest, password=PASSWORD,
        actor=signer("signatory"),
    )  # fmt: skip
    return task.number


def signer(kind: str) -> Any:
    from dianheng.identity.models import Qualification
    from dianheng.identity.services import actor_for_person, qualification_grant, system_actor
    from dianheng.identity.tests.factories import person_with

    person = person_with("*", login=kind, name=kind)
    if not Qualification.objects.filter(person=person).exists():
        qualification_grant(
            person=person, kind=kind, number=f"Q-{kind}", issuer="计量中心", valid_from=date(2020, 1, 1),
            valid_through=date.today() + timedelta(days=99), actor=system_actor(),
        )  # fmt: skip
    return actor_for_person(person, via="page")


def main() -> None:
    from dianheng.config.runtime.database import connected

    with connected("stage"):
        made = make(Path(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps(made))


if __name__ == "__main__":
    main()
