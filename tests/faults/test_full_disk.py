"""The disk fills in the middle of the day's work: said in words, nothing half done, then all goes on."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dianheng.config.runtime.processes import wait_until
from dianheng.testing.cluster import copy_tree, temporary_folder

from .conftest import Ground, staged
from .work import all_is_whole_and_once, certify, receive, send_file, take_file

pytestmark = [pytest.mark.slow, pytest.mark.root]
FULL = "磁盘已满"
ACTS = (send_file, take_file, receive, certify)


@pytest.fixture
def small(place: Path) -> Iterator[Ground]:
    """A server whose data folder lies on a disk of its own that can be filled."""
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=500m,mode=711", "dianheng-test", place], check=True
    )
    try:
        copy_tree(staged(), place / "data")
        one = Ground(place / "data")
        try:
            yield one
        finally:
            one.close()
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def place() -> Iterator[Path]:
    with temporary_folder() as path:
        yield path


def fill(disk: Path) -> Path:
    """Nothing more can be written beside it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 4096):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


def test_work_on_a_full_disk_is_refused_in_words_and_can_be_done_later(small: Ground):
    made = small.rounds[0]
    before = counts(small)
    supervisor = small.serve.process.pid
    ballast = fill(small.data.parent)
    answers = {act.__name__: act(small, made) for act in ACTS}
    for name, (status, text) in answers.items():
        assert status == 302 or (status in (409, 507) and FULL in text), (name, status, text)
    assert answers["receive"][0] == answers["send_file"][0] == 507
    assert small.serve.get("/alive")[0] == 200
    ballast.unlink()
    assert wait_until(small.serve.is_well, 120)
    assert small.serve.process.pid == supervisor
    jobs = [key for (key,) in small.all("select id from common_job")]
    small.wait_jobs(jobs)
    for job in map(small.job, jobs):
        assert job["state"] == "done" or FULL in job["text"], job
    if not any(small.job(job)["state"] == "done" for job in jobs):
        assert counts(small) == before
    for act in ACTS:
        status, text = act(small, made)
        assert status == 302, (act.__name__, text)
    small.wait_jobs([key for (key,) in small.all("select id from common_job")])
    all_is_whole_and_once(small, made)
    said = small.serve.run("audit", "verify")
    assert said.returncode == 0, said.stdout


def counts(ground: Ground) -> dict[str, int]:
    """Rows of all that the day's work writes."""
    tables = (
        "assets_device", "assets_deviceevent", "supply_deliveryfile", "supply_arrival",
        "documents_issueddocument",
    )  # fmt: skip
    return {table: ground.one(f"select count(*) from {table}") for table in tables}
