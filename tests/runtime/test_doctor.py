"""`dianheng doctor` names what would fail, and says so by its exit code."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dianheng.config.runtime import checkup
from dianheng.config.runtime.checkup import FAILS, NOTE, OK, guarded
from dianheng.config.runtime.faults import FolderFault
from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.postgres import PrivatePostgres


def doctor(data: Path, **variables: str) -> tuple[int, list[str]]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    said = subprocess.run(
        [sys.executable, "-m", "dianheng.config.cli", "doctor"],
        env=known | {"DIANHENG_DATA": str(data), "LC_ALL": "C.UTF-8", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in said.stderr, said.stderr
    return said.returncode, said.stdout.splitlines()


def test_a_sound_folder_has_its_database_looked_into(data: Path):
    _code, lines = doctor(data)
    text = "\n".join(lines)
    assert "  Dianheng is not running on it." in lines
    assert "  The program runs as dianheng_app, which owns no table." in lines
    assert "  The tables are those of this version." in lines
    assert "Database: PostgreSQL 18" in text


def test_a_secret_that_others_can_read_fails(data: Path):
    (data / "app_password").chmod(0o644)
    code, lines = doctor(data)
    assert code == 1
    assert f"✗ Others can read {data / 'app_password'}: chmod 600 it." in lines


def test_a_role_that_could_change_evidence_fails(data: Path):
    server = PrivatePostgres(Folder.open(data), durable=False)
    server.prepare()
    server.start()
    server.wait_ready()
    try:
        code, lines = doctor(data, DATABASE_APP_URL=server.superuser_url("dianheng"))
    finally:
        server.stop()
    assert code == 1
    assert "✗ The role postgres could change evidence: it must own no table." in lines


def test_tables_of_an_older_version_fail(data: Path):
    server = PrivatePostgres(Folder.open(data), durable=False)
    server.prepare()
    server.start()
    server.wait_ready()
    with psycopg.connect(server.superuser_url("dianheng"), autocommit=True) as link:
        link.execute("delete from django_migrations where app = 'sessions'")
    server.stop()
    code, lines = doctor(data)
    assert code == 1
    assert any(line.startswith("✗ 1 migrations are due") for line in lines)


def test_a_folder_that_is_not_there_yet_is_only_noted(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIANHENG_DATA", str(place / "none"))
    assert [mark for mark, _text in checkup.folder()] == [NOTE]
    assert not (place / "none").exists()


@pytest.mark.parametrize(
    ("free_mb", "mark"), [(10_000, OK), (1_000, NOTE), (100, FAILS)], ids=["room", "little", "none"]
)
def test_free_disk_decides(free_mb: int, mark: str, place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIANHENG_DATA", str(place))
    usage = type("Usage", (), {"free": free_mb * 2**20})
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda _path: usage)
    marks = [found for found, text in checkup.folder() if "free on its disk" in text]
    assert marks == [mark]


@pytest.mark.parametrize(
    ("host", "tls", "is_noted"),
    [("127.0.0.1", "", False), ("0.0.0.0", "", True), ("0.0.0.0", "1", False)],
    ids=["this machine only", "open without TLS", "behind TLS"],
)
def test_an_open_address_without_tls_is_noted(
    host: str, tls: str, is_noted: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DIANHENG_HOST", host)
    monkeypatch.setenv("DIANHENG_TLS", tls)
    monkeypatch.setenv("PORT", "0")
    assert any("without TLS" in text for _mark, text in checkup.network()) is is_noted


def test_a_check_that_breaks_is_a_finding_of_its_own():
    def check():
        yield OK, "first"
        raise ZeroDivisionError("oops")

    def faulty():
        raise FolderFault("The disk is full.")
        yield

    assert list(guarded(check)) == [(OK, "first"), (FAILS, "The check check broke: oops")]
    assert list(guarded(faulty)) == [(FAILS, "The disk is full.")]
