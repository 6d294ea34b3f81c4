"""The trail as an auditor holds it: exported, checked without the database, and against it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.postgres import PrivatePostgres
from dianheng.testing.cluster import cached_data, copy_tree, temporary_folder
from dianheng.testing.serving import Serve, command

pytestmark = pytest.mark.slow
MAKE = ("admin", "create", "--login", "guanli", "--name", "王管理", "--password-stdin")


@pytest.fixture(scope="module")
def served() -> Iterator[Serve]:
    """A running Dianheng with its first administrator."""
    with temporary_folder() as place:
        copy_tree(cached_data(), place / "data")
        one = Serve(place / "data")
        try:
            one.wait_well()
            assert one.run(*MAKE, given="Honest-meter-9\n").returncode == 0
            yield one
        finally:
            one.close()


@pytest.fixture(scope="module")
def trail(served: Serve) -> Path:
    file = served.data / "trail.jsonl"
    said = served.run("audit", "export", str(file))
    assert said.returncode == 0
    assert said.stdout.endswith(f"batches written to {file}\n")
    return file


def test_an_exported_trail_is_whole_without_any_database(trail: Path, tmp_path: Path):
    said = command(tmp_path / "nothing here", "audit", "verify", str(trail))
    assert said.returncode == 0
    assert said.stdout.endswith("batches checked, whole\n")
    assert not (tmp_path / "nothing here").exists()


def test_one_changed_byte_is_found_and_its_row_named(trail: Path, served: Serve, tmp_path: Path):
    ((person,),) = as_superuser(served, "select id from identity_person where login = 'guanli'")
    content = trail.read_bytes()
    at = content.index(f"({person},".encode(), content.index(b"identity_person"))
    at = content.index(b"guanli", at)
    forged = tmp_path / "forged.jsonl"
    forged.write_bytes(content[: at + 5] + b"j" + content[at + 6 :])
    said = command(tmp_path / "nothing here", "audit", "verify", str(forged))
    assert said.returncode == 1
    first = said.stdout.splitlines()[0]
    assert first.startswith("row_changed: batch ")
    assert first.endswith(f" · identity_person · row {person} (the row is not what was written)")


def test_a_file_that_is_no_trail_is_said(tmp_path: Path):
    other, gone = tmp_path / "other.txt", tmp_path / "gone.txt"
    other.write_bytes(b"hello \xff")
    for locale, no_trail, no_file in (
        ("C", "This is no audit trail of Dianheng.\n", f"There is no file {gone}.\n"),
        ("zh_CN.UTF-8", "这不是电衡的审计记录文件。\n", f"没有文件 {gone}。\n"),
    ):
        said = command(tmp_path / "nothing", "audit", "verify", str(other), LC_ALL=locale)
        assert (said.returncode, said.stderr) == (2, no_trail)
        said = command(tmp_path / "nothing", "audit", "verify", str(gone), LC_ALL=locale)
        assert (said.returncode, said.stderr) == (2, no_file)


def test_what_was_changed_behind_the_programs_back_is_named(served: Serve):
    assert served.run("audit", "verify").returncode == 0
    ((person,),) = as_superuser(served, "select id from identity_person where login = 'guanli'")
    ((holding,),) = as_superuser(
        served, "select id from identity_postholding where person_id = %s", person
    )
    ((unit,),) = as_superuser(served, "select max(id) + 1 from identity_unit")
    for statement in (
        f"update identity_person set name = '王管里' where id = {person}",
        f"delete from identity_postholding where id = {holding}",
        f"insert into identity_unit select (u).* from (select jsonb_populate_record(t, jsonb_build_object("
        f"'id', {unit}, 'code', 'X', 'path', '/X/')) as u from identity_unit t order by id limit 1) made",
    ):
        as_superuser(served, statement)
    said = served.run("audit", "verify", LC_ALL="zh_CN.UTF-8")
    assert said.returncode == 1
    named = {line.partition(" (")[0] for line in said.stdout.splitlines()}
    assert {
        f"row_changed: identity_person · 第 {person} 行",
        f"row_deleted: identity_postholding · 第 {holding} 行",
        f"row_inserted: identity_unit · 第 {unit} 行",
    } <= named
    assert "(该行与当初写入的不一致)" in said.stdout
    assert said.stdout.endswith("3 处问题\n")


def as_superuser(served: Serve, statement: str, *parameters: object) -> list[tuple]:
    """As the database's administrator, past triggers and rights."""
    url = PrivatePostgres(Folder(served.data)).superuser_url("dianheng")
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("set session_replication_role = replica")
        done = link.execute(statement, parameters or None)
        return done.fetchall() if done.description else []
