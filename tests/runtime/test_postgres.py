"""The private PostgreSQL: made whole or not at all, alone on its folder, said in words."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from dianheng.config.runtime import binaries, roles
from dianheng.config.runtime.accounts import Account
from dianheng.config.runtime.database import database
from dianheng.config.runtime.faults import AlreadyRuns, FolderFault, PostgresFault
from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.postgres import PrivatePostgres
from dianheng.config.runtime.processes import running_in, wait_until
from dianheng.testing.cluster import cached_data, copy_tree

from .conftest import AS_NOBODY


def started(data: Path) -> PrivatePostgres:
    server = PrivatePostgres(Folder.open(data), durable=False)
    server.prepare()
    server.start()
    server.wait_ready()
    return server


def test_a_half_made_cluster_is_thrown_away(place: Path):
    folder = Folder.open(place / "data")
    (folder.path / "pg.new").mkdir()
    (folder.path / "pg.new" / "PG_VERSION").write_text("18")
    server = started(folder.path)
    roles.make_private(server)
    owner, _program = roles.private_urls(server)
    with psycopg.connect(owner) as link:
        assert link.execute("select show_trgm('电能表') <> '{}'").fetchone() == (True,)
    server.stop()
    assert not (folder.path / "pg.new").exists()


def test_a_server_that_lost_its_parent_is_ended_before_a_start(data: Path):
    orphan = started(data)
    pid = orphan.postmaster_pid()
    second = started(data)  # as the next start would, the lock being its own
    assert second.postmaster_pid() != pid
    assert orphan.process is not None
    assert orphan.process.wait(1) == 0  # it was let to end in order
    second.stop()
    assert running_in(data / "pg", "postgres") == []


def test_a_backend_that_outlived_its_server_does_not_block_the_next_start(data: Path):
    server = started(data)
    link = psycopg.connect(server.superuser_url(), autocommit=True)
    backend = link.info.backend_pid
    link.pgconn.send_query(b"do $$ begin loop end loop; end $$")  # never looks up
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    assert wait_until(lambda: running_in(data / "pg", "postgres") == [backend], 5)
    began = time.monotonic()
    second = started(data)
    assert time.monotonic() - began < 5
    assert backend not in running_in(data / "pg", "postgres")
    second.stop()
    link.close()


def test_another_programs_process_with_the_old_number_is_left_alone(data: Path):
    other = subprocess.Popen(["sleep", "60"])
    (data / "pg" / "postmaster.pid").write_text(
        f"{other.pid}\n{data / 'pg'}\n1\n5432\n\n\n\nready\n"
    )
    server = started(data)
    server.stop()
    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_long_path_gets_its_socket_elsewhere(place: Path):
    deep = place / ("很长的路径" * 8) / ("x" * 60)
    deep.parent.mkdir()
    copy_tree(cached_data(), deep)
    server = started(deep)
    roles.make_private(server)
    assert not str(server.socket_folder()).startswith(str(place))
    assert server.socket_folder().stat().st_mode & 0o777 == 0o700
    _owner, program = roles.private_urls(server)
    with psycopg.connect(program) as link:
        assert link.execute("select current_user").fetchone() == ("dianheng_app",)
    server.stop()
    server.socket_folder().rmdir()


def test_a_socket_folder_that_somebody_else_laid_is_refused(place: Path):
    server = PrivatePostgres(Folder.open(place / ("x" * 110)))
    where = server.socket_folder()
    where.mkdir(mode=0o777)
    where.chmod(0o777)
    try:
        with pytest.raises(PostgresFault, match="is not ours"):
            server._make_socket_folder()
    finally:
        where.rmdir()


@pytest.mark.parametrize(("made_by", "words"), [("16", "too old"), ("99", "too new")])
def test_a_database_of_another_version_is_said_in_words(made_by: str, words: str, data: Path):
    (data / "pg" / "PG_VERSION").write_text(f"{made_by}\n")
    with pytest.raises(PostgresFault, match=f"{words}: PostgreSQL {made_by} made it"):
        PrivatePostgres(Folder.open(data)).prepare()


def test_an_installed_postgresql_that_is_too_old_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.9'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("DIANHENG_POSTGRES", str(tmp_path))
    with pytest.raises(PostgresFault, match=r"PostgreSQL 15\.9 in .* is too old"):
        binaries.find_binaries()


def test_settings_that_do_not_start_are_told_with_postgresqls_own_line(data: Path):
    server = PrivatePostgres(Folder.open(data), durable=False)
    server.prepare()
    (data / "pg" / "postgresql.auto.conf").write_text("shared_preload_libraries = 'nothere'\n")
    server.start()
    with pytest.raises(PostgresFault, match='could not access file "nothere"'):
        server.wait_ready()


def test_passwords_of_another_folder_are_said_in_words(data: Path):
    server = started(data)
    (data / "superuser_password").write_text("another")
    with pytest.raises(Exception, match="belong together"):
        roles.make_private(server)
    server.stop()


# -- the folder --------------------------------------------------------------------------------


def test_two_who_ask_at_once_get_the_same_secret(place: Path):
    folder = Folder.open(place / "data")
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(folder.secret("key"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1
    assert [path.name for path in folder.path.iterdir()] == ["key"]


def test_the_lock_names_its_holder_and_ends_with_it(place: Path):
    folder = Folder.open(place / "data")
    lock = folder.lock("serve")
    with pytest.raises(AlreadyRuns, match=f"process {os.getpid()} \\(serve\\)") as refused:
        folder.lock("demo")
    assert (refused.value.pid, refused.value.role) == (os.getpid(), "serve")
    lock.release()
    folder.lock("demo").release()


def test_a_file_in_the_place_of_the_folder_is_said_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderFault, match="is a file, not a folder"):
        Folder.open(tmp_path / "file" / "data")


@pytest.mark.root
def test_a_folder_that_may_not_be_written_is_said_in_words(place: Path):
    place.chmod(0o755)
    code = "from dianheng.config.cli import main; raise SystemExit(main(['serve']))"
    said = subprocess.run(
        [*AS_NOBODY, shutil.which("python3") or "python3", "-c", code],
        env={
            **os.environ,
            "DIANHENG_DATA": str(place / "data"),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert f"The data folder {place / 'data'} is not writable" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.root
def test_root_says_which_user_cannot_pass_and_changes_no_permission(place: Path):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    before = [path.stat().st_mode for path in (place, closed)]
    with pytest.raises(FolderFault, match=r"runs as the user \w+, who may not enter"):
        PrivatePostgres(Folder.open(closed / "data")).prepare()
    assert [path.stat().st_mode for path in (place, closed)] == before


@pytest.mark.root
def test_binaries_under_a_closed_folder_are_copied_to_the_data_folder(place: Path):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    found = binaries.find_binaries()
    shutil.copytree(found.folder.parent, closed / "pginstall")
    hidden = binaries.Binaries(closed / "pginstall" / "bin", found.version)
    data = Folder.open(place / "data").path
    nobody = Account("nobody", 65534, 65534)
    copy = binaries.reachable(hidden, nobody, data)
    assert copy.folder == data / f"postgres-{found.version}" / "bin"
    assert binaries.reachable(hidden, nobody, data) == copy  # once
    said = subprocess.run(
        [copy["postgres"], "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        **nobody.switch,
    )
    assert found.version in said.stdout
    assert closed.stat().st_mode & 0o777 == 0o700


# -- a full disk -------------------------------------------------------------------------------


@pytest.fixture
def small_disk(place: Path):
    """150 MB that can be filled."""
    disk = place / "disk"
    disk.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=150m,mode=711", "dianheng-test", disk], check=True
    )
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * 2**20)
                file.flush()
        except OSError:
            pass
    return ballast


@pytest.mark.root
def test_a_full_disk_is_said_in_words_at_the_start(small_disk: Path):
    fill(small_disk)
    with pytest.raises(FolderFault, match=r"The disk of the data folder .* is full"):
        Folder.open(small_disk / "data")


@pytest.mark.root
def test_a_disk_too_small_for_a_database_is_said_in_words(small_disk: Path):
    ballast = fill(small_disk)
    with ballast.open("r+b") as file:
        file.truncate(ballast.stat().st_size - 20 * 2**20)
    server = PrivatePostgres(Folder.open(small_disk / "data"))
    with pytest.raises(PostgresFault, match="is full"):
        server.prepare()
    assert not (small_disk / "data" / "pg").exists()


@pytest.mark.root
def test_when_the_disk_fills_writes_are_refused_and_the_server_goes_on(small_disk: Path):
    copy_tree(cached_data(), small_disk / "data")
    server = started(small_disk / "data")
    with psycopg.connect(server.superuser_url(), autocommit=True) as link:
        link.execute("create table t (x text)")
        ballast = fill(small_disk)
        with pytest.raises(psycopg.errors.DiskFull):
            for _turn in range(40):
                link.execute(
                    "insert into t select repeat(md5(i::text), 100) from generate_series(1, 5000) i"
                )
        ballast.unlink()
        link.execute("insert into t values ('room again')")
        assert link.execute("select x from t where x like 'room%'").fetchone() == ("room again",)
    assert server.process is not None
    assert server.process.poll() is None
    server.stop()


# -- for one command ---------------------------------------------------------------------------


def test_a_command_starts_the_database_for_itself_and_another_joins_it(
    data: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DIANHENG_DATA", str(data))
    monkeypatch.delenv("DATABASE_APP_URL")
    with database("first") as mine:
        assert not mine.has_tables
        with database("second") as joined:
            assert joined.program == mine.program
            with psycopg.connect(joined.program) as link:
                assert link.execute("select current_user").fetchone() == ("dianheng_app",)
        with psycopg.connect(mine.program) as link:  # the joiner did not stop it
            link.execute("select 1")
    assert running_in(data / "pg", "postgres") == []
    Folder.open(data).lock("free").release()


def test_stopping_twice_is_harmless(data: Path):
    server = started(data)
    server.stop()
    server.stop()
    assert not server.is_ready()
