"""A bench sends its load: 60 meters of 24 points, received, recomputed, judged and stored."""

import json
from itertools import count
from typing import Any

from django.db import connection

from bench.core import Bench, Seconds, Way, case

POSITIONS = 60
POINTS = 24


@case("bench-load", "A bench load taken in", tiny=2, quick=POSITIONS, default=POSITIONS)
def bench_load(bench: Bench) -> None:
    """The whole way of an upload, beside reading its JSON and writing its results unjudged."""
    from django.utils import timezone

    from dianheng.demo import things
    from dianheng.demo.company import acting
    from dianheng.verification.models import TestResult, Upload
    from dianheng.verification.selectors.loads import load_sheet
    from dianheng.verification.services import load_make, load_put, task_add_devices, upload_receive

    meters, numbers = bench.size, count(1)
    with bench.writing(300):
        things.laboratory()
        task, tester, measure = task_of_24_points()

        def a_load() -> bytes:
            turn = next(numbers)
            devices = enrolled(turn, meters)
            task_add_devices(task=task, device_ids=[d.pk for d in devices], actor=acting("gaoyan"))
            load = load_make(task=task, bench=measure.device, actor=tester)
            for device in devices:
                load_put(load=load, code=device.barcode, actor=tester)
            sent = measure.bench.run(load_sheet(load), started_at=timezone.now())
            for device in sent["devices"]:
                assert len(device["points"]) == POINTS, len(device["points"])
            return json.dumps(sent, ensure_ascii=False).encode()

        def receive(body: bytes) -> Upload:
            return upload_receive(body=body, actor=tester).upload

        def stored(_body: bytes, upload: Upload) -> tuple[int, int]:
            results = TestResult.objects.filter(record__upload=upload, is_derived=False)
            return upload.taken, results.count()

        def copied(body: bytes) -> tuple[int, int]:
            return _copy_unjudged(body)

        bench.race(
            f"{meters} meters of {POINTS} points",
            product=Way("upload_receive", receive, prepare=a_load, answer=stored),
            limits=[Way("read the JSON, COPY the results unjudged", copied, prepare=a_load)],
            wanted=[Seconds(0.3)],
            repeats=1 if bench.is_tiny else max(bench.repeats, 5),
        )


class Measure:
    """The bench as a device, and as what sends."""

    def __init__(self) -> None:
        from dianheng.assets.models import Device
        from dianheng.demo.verified import bench

        self.device = Device.objects.get(barcode="BZ0001")
        self.bench = bench("BZ0001", 1, {})


def task_of_24_points() -> tuple[Any, Any, Measure]:
    """A task whose scheme asks for 24 points of each meter."""
    from dianheng.demo.company import acting, unit
    from dianheng.demo.things import model
    from dianheng.verification.services import scheme_edit, scheme_propose, task_make

    planner, tester = acting("gaoyan"), acting("zhangwei")
    centre, kind = unit("3540001"), model("DDZY1808-Z")
    version = scheme_propose(model=kind, stage="first", purpose="every", unit=centre, actor=planner)
    content = json.loads(json.dumps(version.content))
    (errors,) = [item for item in content["items"] if item["item"] == "basic_error"]
    errors["points"].append({**errors["points"][0], "load": "0.2Ib"})
    version = scheme_edit(
        scheme=version.scheme, content=content, model=kind, reason="24 points", actor=planner
    )
    task = task_make(unit=centre, kind="initial", model=kind, scheme_version=version, actor=planner)
    return task, tester, Measure()


def enrolled(turn: int, meters: int) -> list[Any]:
    from dianheng.assets.choices import DeviceState
    from dianheng.demo.company import acting, unit
    from dianheng.demo.things import enrol
    from dianheng.demo.verified import barcode

    first = 90_000_000_000 + turn * 1000
    rows = [
        {
            "barcode": barcode(first + n), "serial_no": f"B{first + n}", "comm_address": f"{first + n:012d}",
            "prepayment": "remote", "key_state": "formal", "price_preset": "JM-2026-01",
        }
        for n in range(meters)
    ]  # fmt: skip
    return enrol(
        rows, "DDZY1808-Z", state=DeviceState.AWAITING_VERIFICATION, place_code="KF1-DJ",
        unit_=unit("3540001"), actor=acting("gaoyan"),
    )  # fmt: skip


def _copy_unjudged(body: bytes) -> tuple[int, int]:
    sent = json.loads(body)
    with connection.cursor() as cursor:
        cursor.execute(
            "create temp table unjudged (device int, seq int, item text, load text, samples text[],"
            " facts jsonb)"
        )
        with cursor.copy("copy unjudged from stdin") as copy:
            for place, device in enumerate(sent["devices"]):
                for point in device["points"]:
                    copy.write_row(
                        (place, point["seq"], point.get("item", ""), json.dumps(point.get("load", "")),
                         [str(s) for s in point.get("samples", [])], json.dumps(point))
                    )  # fmt: skip
        cursor.execute("select count(distinct device), count(*) from unjudged")
        found = cursor.fetchone()
        cursor.execute("drop table unjudged")
    return found
