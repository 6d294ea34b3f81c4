"""`dianheng serve`: starts, says where it is, heals, stops, and is not there twice."""

import json
import os
import re
import signal
import socket
import stat
import time
from pathlib import Path

import psycopg
import pytest

from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.postgres import PrivatePostgres
from dianheng.config.runtime.processes import wait_until
from dianheng.config.runtime.supervisor import clear_scratch
from dianheng.testing.serving import Serve, command_of, pids_of

from .conftest import AS_NOBODY


def test_a_first_start_answers_says_where_it_is_and_stops_whole(place: Path, serve: type[Serve]):
    data = place / "表计 data" / "甲"
    one = serve(data).wait_well()
    assert f"Dianheng is at http://127.0.0.1:{one.port}/" in one.said
    assert "dianheng admin create" in one.said
    assert json.loads(one.get()[1]) == {
        "status": "ok", "database": "ok", "worker": "ok", "version": "0.1.0",
    }  # fmt: skip
    for secret in ("secret_key", "app_password", "owner_password", "superuser_password"):
        assert stat.S_IMODE((data / secret).stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "pg").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "run").stat().st_mode) == 0o700
    started = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - started < 20
    assert one.said.endswith("Stopping …\nStopped.\n")
    assert pids_of(data) == []
    log = (data / "logs" / "postgres.log").read_text()
    assert "database system is shut down" in log


def test_a_later_start_finds_its_database_from_where_it_was_given_and_greets_with_the_demo_story(
    data: Path, serve: type[Serve]
):
    story = {
        "password": "w1ndow-k1te",
        "people": [{"login": "jianding1", "name": "李检定", "post": "检定员"}],
    }
    (data / "demo.json").write_text(json.dumps(story))
    one = serve(Path(data.name), cwd=data.parent).wait_well()
    assert (data / "lock").read_text().startswith(str(one.process.pid))
    assert "Everybody's password: w1ndow-k1te" in one.said
    assert re.search(r"jianding1 +李检定 +检定员", one.said)
    assert "admin create" not in one.said
    assert one.stop() == 0


def test_a_second_start_is_refused_and_names_the_first(running: Serve, serve: type[Serve]):
    second = serve(running.data)
    assert second.wait_end() == 1
    assert f"process {running.process.pid} (serve)" in second.said
    assert running.is_well()


def test_the_web_process_never_sees_the_owners_address(running: Serve):
    for word in ("gunicorn", "runtime.jobs"):
        variables = Path(f"/proc/{running.child(word)}/environ").read_bytes().split(b"\0")
        addresses = [line for line in variables if b"postgresql://" in line]
        assert len(addresses) == 1
        assert addresses[0].startswith(b"DATABASE_APP_URL=postgresql://dianheng_app:")


def test_a_port_in_use_is_said_before_anything_starts(place: Path, serve: type[Serve]):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        one = serve(place / "data", PORT=str(port))
        assert one.wait_end() == 1
    assert f"Port {port} is in use by another program" in one.said
    assert not (place / "data" / "pg").exists()


@pytest.mark.parametrize(
    ("port", "words"), [("abc", "invalid int value: 'abc'"), ("80000", "80000 is no port")]
)
def test_what_is_no_port_is_said_in_words(port: str, words: str, place: Path, serve: type[Serve]):
    one = serve(place / "data", PORT=port)
    assert one.wait_end() in (1, 2)
    assert words in one.said
    assert "Traceback" not in one.said


def test_a_database_of_a_later_version_is_said_in_words(data: Path, serve: type[Serve]):
    server = PrivatePostgres(Folder.open(data), durable=False)
    server.prepare()
    server.start()
    server.wait_ready()
    with psycopg.connect(server.superuser_url("dianheng"), autocommit=True) as link:
        link.execute(
            "insert into django_migrations (app, name, applied) values ('assets', '9999_later', now())"
        )
    server.stop()
    one = serve(data)
    assert one.wait_end() == 1
    assert "a later version of Dianheng made its tables (assets.9999_later)" in one.said


@pytest.mark.parametrize(
    ("part", "word"), [("web", "gunicorn"), ("worker", "runtime.jobs"), ("database", "postgres")]
)
def test_a_killed_part_is_started_again(part: str, word: str, running: Serve):
    before = running.child(word)
    os.kill(before, signal.SIGKILL)
    started = time.monotonic()
    assert wait_until(lambda: before not in pids_of(running.data, word), 20)
    assert wait_until(
        lambda: any(pid != before for pid in pids_of(running.data, word)) and running.is_well(),
        60,
        0.05,
    ), running.said
    assert time.monotonic() - started < 60
    assert "is started again" in running.said
    log = [
        json.loads(line) for line in (running.data / "logs" / "serve.log").read_text().splitlines()
    ]
    name = {"database": "postgres"}.get(part, part)
    assert any(line["part"] == name and line["event"] == "ended" for line in log)


def test_connections_wait_while_the_web_server_is_started_again(running: Serve):
    before = pids_of(running.data, "gunicorn")
    os.kill(running.child("gunicorn"), signal.SIGKILL)
    assert wait_until(lambda: not set(before) & set(pids_of(running.data, "gunicorn")), 20, 0.005)
    status, _text = running.get("/alive", seconds=60)  # not refused
    assert status == 200


def test_without_its_database_the_page_says_so_and_recovers(running: Serve):
    postgres = running.child("postgres")
    os.kill(postgres, signal.SIGKILL)
    seen = set()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status, text = running.get()
        if status == 200 and seen:
            break
        if status == 503:
            seen.add(json.loads(text)["database"])
    assert seen & {"does not answer", "recovering"}
    assert running.is_well()


def test_killing_the_supervisor_leaves_nothing_and_the_next_start_works(
    data: Path, serve: type[Serve]
):
    one = serve(data).wait_well()
    one.process.kill()
    one.process.wait()
    killed = time.monotonic()
    assert wait_until(lambda: pids_of(data) == [], 10), [command_of(pid) for pid in pids_of(data)]
    again = serve(data).wait_well()
    assert time.monotonic() - killed < 180  # 15 s on an idle machine
    assert again.stop() == 0


def test_ctrl_c_during_the_start_stops_what_has_started(place: Path, serve: type[Serve]):
    one = serve(place / "data")
    assert wait_until(lambda: (place / "data" / "pg" / "postmaster.pid").exists(), 60, 0.01)
    assert one.stop(signal.SIGINT) == 0
    assert pids_of(place / "data") == []


def test_ctrl_c_works_where_the_shell_ignored_it_and_kills_a_worker_that_ignores_the_stop(
    data: Path, serve: type[Serve]
):
    one = serve(data, ignores_int=True, DIANHENG_STOP_SECONDS="1").wait_well()
    os.kill(one.child("runtime.jobs"), signal.SIGSTOP)  # deaf to SIGTERM
    assert one.stop(signal.SIGINT) == 0
    assert "The job worker did not stop in time and was killed." in one.said
    assert pids_of(data) == []


@pytest.mark.root
def test_an_ordinary_user_runs_it_all(place: Path, serve: type[Serve]):
    home = place / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    one = serve(home / "data", prefix=AS_NOBODY).wait_well()
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in pids_of(home / "data")}
    assert owners == {65534}
    one.process.kill()
    one.process.wait()
    assert wait_until(lambda: pids_of(home / "data") == [], 10)


@pytest.mark.root
def test_as_root_postgresql_alone_runs_as_a_system_user(running: Serve):
    assert Path(f"/proc/{running.child('postgres')}").stat().st_uid != 0


def test_what_a_killed_process_left_half_written_is_cleared_after_a_day(place: Path):
    old, fresh, whole = (
        place / "scratch" / "upload-1.csv", place / "files" / ".new-2", place / "files" / "ab" / "cd",
    )  # fmt: skip
    for path in (old, fresh, whole):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for path in (old, whole):
        os.utime(path, (time.time() - 90_000,) * 2)
    clear_scratch(place)
    assert [path.exists() for path in (old, fresh, whole)] == [False, True, True]
