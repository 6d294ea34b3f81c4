"""A PostgreSQL that somebody else runs: checked, used as a role that owns nothing, said in words."""

import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from dianheng.config.runtime import roles
from dianheng.config.runtime.accounts import Account, account_for
from dianheng.config.runtime.binaries import find_binaries, reachable
from dianheng.config.runtime.faults import DatabaseFault
from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.postgres import PrivatePostgres
from dianheng.config.runtime.processes import ends_with_parent, wait_until
from dianheng.testing.cluster import temporary_folder
from dianheng.testing.serving import Serve, Visitor, command, free_port


class Utility:
    """The utility's own server, with its DBA."""

    def __init__(self, server: PrivatePostgres):
        self.server = server
        self.dba = psycopg.connect(server.superuser_url(), autocommit=True)
        self.number = 0

    def run(self, statement: str, *names: str) -> None:
        self.dba.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def url(self, role: str, database: str) -> str:
        return self.server.url(role, "secret", database)

    def database(self, *, owner_may: str = "createrole", options: str = "") -> str:
        """A database for Dianheng; returns the owner's URL."""
        self.number += 1
        name = f"metering_{self.number}"
        self.run(f"create role {{}} login password 'secret' {owner_may}", f"{name}_owner")
        self.run(f"create database {{}} owner {{}} {options}", name, f"{name}_owner")
        return self.url(f"{name}_owner", name)


@pytest.fixture(scope="module")
def server() -> Iterator[PrivatePostgres]:
    with temporary_folder() as place:
        server = PrivatePostgres(Folder.open(place / "theirs"), durable=False)
        server.prepare()
        server.start()
        server.wait_ready()
        yield server
        server.stop()


@pytest.fixture
def utility(server: PrivatePostgres) -> Iterator[Utility]:
    one = Utility(server)
    yield one
    names = one.dba.execute(
        "select datname from pg_database where datname like 'metering%'"
    ).fetchall()
    for (name,) in names:
        one.run("drop database {} with (force)", name)
    rolls = one.dba.execute(
        "select rolname from pg_roles where rolname like 'metering%' or rolname like 'dianheng%'"
    ).fetchall()
    for (name,) in rolls:
        one.run("drop role {}", name)
    one.dba.close()


@pytest.fixture
def folder(place: Path) -> Folder:
    return Folder.open(place / "data")


def test_the_program_gets_a_role_that_owns_nothing_and_keeps_its_secret(
    utility: Utility, folder: Folder
):
    owner_url = utility.database()
    program_url = roles.prepare_served(owner_url, None, folder)
    assert roles.prepare_served(owner_url, None, folder) == program_url  # a later start
    assert stat.S_IMODE((folder.path / "app_password").stat().st_mode) == 0o600
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("create table made_later (id int generated always as identity, text text)")
    with psycopg.connect(program_url, autocommit=True) as program:
        assert program.execute("select current_user").fetchone() == ("dianheng_app",)
        program.execute("insert into made_later (text) values ('a')")
        program.execute("update made_later set text = 'b'")
        for forbidden in (
            "truncate made_later",
            "alter table made_later disable trigger all",
            "drop table made_later",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                program.execute(forbidden)


def test_a_privilege_that_the_audit_trail_took_is_not_given_back(utility: Utility, folder: Folder):
    owner_url = utility.database()
    program_url = roles.prepare_served(owner_url, None, folder)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("create table evidence (text text)")
        owner.execute("revoke update, delete on evidence from dianheng_app")
    roles.prepare_served(owner_url, None, folder)
    with (
        psycopg.connect(program_url, autocommit=True) as program,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        program.execute("delete from evidence")


def test_where_only_the_dba_makes_roles_it_says_what_to_ask_for(utility: Utility, folder: Folder):
    owner_url = utility.database(owner_may="")
    with pytest.raises(DatabaseFault, match="create role dianheng_app login password"):
        roles.prepare_served(owner_url, None, folder)
    utility.run("create role {} login password 'secret'", "metering_program")
    given = utility.url("metering_program", conninfo_to_dict(owner_url)["dbname"])
    assert roles.prepare_served(owner_url, given, folder) == given
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("create table made_later (text text)")
    with psycopg.connect(given, autocommit=True) as program:
        program.execute("insert into made_later values ('a')")


@pytest.mark.parametrize("kind", ["superuser", "the owner itself", "a member of the owner"])
def test_a_program_role_that_could_change_evidence_is_refused(
    kind: str, utility: Utility, folder: Folder
):
    owner_url = utility.database()
    facts = conninfo_to_dict(owner_url)
    if kind == "the owner itself":
        given = owner_url
    else:
        utility.run("create role {} login password 'secret'", "metering_mighty")
        if kind == "superuser":
            utility.run("alter role {} superuser", "metering_mighty")
        else:
            utility.run("grant {} to {}", str(facts["user"]), "metering_mighty")
        given = utility.url("metering_mighty", str(facts["dbname"]))
    with pytest.raises(DatabaseFault, match="must own nothing"):
        roles.prepare_served(owner_url, given, folder)


def test_two_addresses_of_two_databases_are_refused(utility: Utility, folder: Folder):
    owner_url, other_url = utility.database(), utility.database()
    utility.run("create role {} login password 'secret'", "metering_program")
    given = utility.url("metering_program", str(conninfo_to_dict(other_url)["dbname"]))
    with pytest.raises(DatabaseFault, match=r"names the database metering_1, .* names metering_2"):
        roles.prepare_served(owner_url, given, folder)


def test_a_role_of_another_data_folder_is_not_taken_over(
    utility: Utility, folder: Folder, place: Path
):
    owner_url = utility.database()
    first = roles.prepare_served(owner_url, None, folder)
    with pytest.raises(DatabaseFault, match="its password is not the one in"):
        roles.prepare_served(owner_url, None, Folder.open(place / "another"))
    psycopg.connect(first).close()  # the first one's password was not changed


def test_an_old_server_is_said_in_words(
    utility: Utility, folder: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(roles, "OLDEST_SERVED", 990_000)
    with pytest.raises(DatabaseFault, match="too old: PostgreSQL 1"):
        roles.prepare_served(utility.database(), None, folder)


def test_another_encoding_is_said_in_words(utility: Utility, folder: Folder):
    url = utility.database(
        options="encoding 'SQL_ASCII' locale_provider libc locale 'C' template template0"
    )
    with pytest.raises(DatabaseFault, match="encoding SQL_ASCII; UTF8 is needed"):
        roles.prepare_served(url, None, folder)


def test_an_owner_who_may_not_make_tables_is_said_in_words(utility: Utility, folder: Folder):
    utility.database()
    utility.run("create role {} login password 'secret'", "metering_guest")
    with pytest.raises(DatabaseFault, match="metering_guest of DATABASE_URL may not make tables"):
        roles.prepare_served(utility.url("metering_guest", "metering_1"), None, folder)


def test_an_owner_who_may_not_make_schemas_is_said_in_words(utility: Utility, folder: Folder):
    url = utility.database()
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("grant create on schema public to metering_1_owner")
    utility.run("alter database {} owner to {}", "metering_1", utility.dba.info.user)
    with pytest.raises(DatabaseFault, match="may not make tables and schemas"):
        roles.prepare_served(url, None, folder)


def test_a_missing_extension_is_said_in_words(
    utility: Utility, folder: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(roles, "EXTENSIONS", ("not_there",))
    with pytest.raises(DatabaseFault, match="lacks the extension not_there"):
        roles.prepare_served(utility.database(), None, folder)


def test_an_extension_only_the_dba_may_make_is_said_in_words(
    utility: Utility, folder: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(roles, "EXTENSIONS", ("pageinspect",))  # as pg_trgm where it is not trusted
    with pytest.raises(DatabaseFault, match="Let the DBA run in metering_1: create extension"):
        roles.prepare_served(utility.database(), None, folder)


def test_a_server_that_does_not_answer_is_said_in_words(folder: Folder):
    with pytest.raises(DatabaseFault, match=r"DATABASE_URL does not answer: .*refused"):
        roles.prepare_served("postgresql://a:b@127.0.0.1:1/x", None, folder)


@pytest.mark.parametrize(
    "address", ["metering", "mysql://a:s3cret@db/x", "host=db password=s3cret"],
    ids=["a name", "another make", "not a URL"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_APP_URL"])
def test_what_is_no_address_is_said_in_words_without_its_secret(
    name: str, address: str, place: Path, serve: type[Serve]
):
    one = serve(place / "data", **{name: address})
    assert one.wait_end() == 1
    assert one.said.startswith(f"{name} is no address of a PostgreSQL database.")
    assert "s3cret" not in one.said
    assert "Traceback" not in one.said


def test_a_role_for_which_tables_are_due_is_told_whom_to_ask(
    utility: Utility, folder: Folder, serve: type[Serve]
):
    program_url = roles.prepare_served(utility.database(), None, folder)
    one = serve(folder.path, DATABASE_APP_URL=program_url)
    assert one.wait_end() == 1
    assert "migrations are due. Let their owner run: DATABASE_URL=" in one.said


# -- somebody else's server, over TCP with a password ---------------------------------------------


def installed(account: Account, place: Path) -> Path:
    """Debian's oldest that we promise, where there is one; else our own."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if int(path.parts[4]) >= 15]
    if found:
        return min(found, key=lambda path: int(path.parts[4]))
    return reachable(find_binaries(), account, place).folder


@pytest.fixture
def theirs(place: Path) -> Iterator[str]:
    """A server with a database for us; yields the URL of its owner."""
    cluster, port = place / "theirs", free_port()
    account = account_for(cluster)
    programs = installed(account, place)
    cluster.mkdir()
    account.take(cluster)
    secret = place / "secret"
    secret.write_text("of the dba")
    account.take(secret)
    initdb = [
        programs / "initdb", "-D", cluster, "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256",
        "-U", "dba", "--pwfile", secret,
    ]  # fmt: skip
    subprocess.run(initdb, cwd="/", check=True, capture_output=True, **account.switch)
    start = [
        programs / "postgres", "-D", cluster, "-k", "", "-F",
        "-c", "listen_addresses=127.0.0.1", "-c", f"port={port}",
    ]  # fmt: skip
    dba_url = f"postgresql://dba:of%20the%20dba@127.0.0.1:{port}/postgres"
    with subprocess.Popen(
        start,
        cwd="/",
        stderr=subprocess.DEVNULL,
        preexec_fn=ends_with_parent(signal.SIGKILL),
        **account.switch,
    ) as process:

        def answers() -> bool:
            try:
                psycopg.connect(dba_url).close()
            except psycopg.OperationalError:
                return False
            return True

        assert wait_until(answers, 60)
        with psycopg.connect(dba_url, autocommit=True) as dba:
            dba.execute("create role metering_owner login createrole password 's3cret/of:us'")
            dba.execute("create database metering owner metering_owner")
        yield f"postgresql://metering_owner:s3cret%2Fof%3Aus@127.0.0.1:{port}/metering"
        process.send_signal(signal.SIGINT)


def test_it_serves_on_somebody_elses_server(place: Path, theirs: str, serve: type[Serve]):
    made = command(  # before anything else: it makes the tables
        place / "data", "admin", "create", "--login", "guanli", "--name", "王管理", "--password-stdin",
        given="Honest-meter-9\n", DATABASE_URL=theirs,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    one = serve(place / "data", DATABASE_URL=theirs).wait_well()
    assert not (place / "data" / "pg").exists()
    Visitor(one).login("guanli", "Honest-meter-9")
    assert one.run("audit", "verify", DATABASE_URL=theirs).returncode == 0
    assert one.stop() == 0
    with psycopg.connect(theirs) as owner:
        owned = owner.execute(
            "select count(*) from pg_class where relowner = 'dianheng_app'::regrole"
        ).fetchone()
        made = owner.execute("select count(*) from django_migrations").fetchone()
    assert owned == (0,)
    assert made is not None
    assert made[0] > 20
    wrong = serve(place / "data", DATABASE_URL=theirs.replace("s3cret", "another"))
    assert wrong.wait_end() == 1
    assert 'password authentication failed for user "metering_owner"' in wrong.said
