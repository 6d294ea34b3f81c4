"""Two roles: the owner migrates, the program runs as one that owns nothing.

As owner a trigger could be switched off and evidence truncated; as `dianheng_app` neither can
(docs/explanation/audit.md). Tables that the owner makes later are the program's to read and
write, but never to TRUNCATE; the audit trail takes more away where it must.
"""

from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from .faults import DatabaseFault
from .folders import Folder
from .postgres import PrivatePostgres
from .words import _

OWNER = "dianheng_owner"
PROGRAM = "dianheng_app"
DATABASE = "dianheng"
OLDEST_SERVED = 150_000  # PostgreSQL 15
EXTENSIONS = ("pg_trgm", "btree_gist")


# -- the private database ----------------------------------------------------------------------


def private_urls(server: PrivatePostgres) -> tuple[str, str]:
    """(owner's, program's) URL of the private database."""
    secret = server.folder.secret
    return (
        server.url(OWNER, secret("owner_password"), DATABASE),
        server.url(PROGRAM, secret("app_password"), DATABASE),
    )


def make_private(server: PrivatePostgres) -> None:
    """Roles, database and privileges of a running private server; harmless when repeated."""
    try:
        with psycopg.connect(server.superuser_url(), autocommit=True) as link:
            for role, name in ((OWNER, "owner_password"), (PROGRAM, "app_password")):
                set_login(link, role, server.folder.secret(name))
            if not exists(link, "select from pg_database where datname = %s", DATABASE):
                link.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )
    except psycopg.OperationalError as error:
        if "password authentication failed" not in str(error):
            raise
        raise DatabaseFault(
            _(
                "The private database does not know the passwords in {folder}: the files "
                "*_password and pg/ belong together. Restore both from the same backup."
            ).format(folder=server.folder.path)
        ) from error
    owner_url, _program = private_urls(server)
    with psycopg.connect(owner_url, autocommit=True) as link:
        make_extensions(link)
        grant(link, PROGRAM)


# -- a served database -------------------------------------------------------------------------


def check_address(url: str, name: str) -> None:
    """Refuse what is no PostgreSQL URL, without repeating it: a secret may stand in it."""
    try:
        is_address = url.startswith(("postgresql://", "postgres://")) and conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        is_address = False
    if not is_address:
        raise DatabaseFault(
            _(
                "{name} is no address of a PostgreSQL database. It looks like this: "
                "postgresql://role:secret@db.example:5432/metering"
            ).format(name=name)
        )


def reach(url: str, name: str) -> str:
    """The address, when its server answers."""
    check_address(url, name)
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        raise no_answer(name, error) from error
    return url


def no_answer(name: str, error: Exception) -> DatabaseFault:
    text = _("The database of {name} does not answer: {error}")
    return DatabaseFault(text.format(name=name, error=str(error).strip()))


def prepare_served(owner_url: str, program_url: str | None, folder: Folder) -> str:
    """Check a server that somebody else runs, make our role on it, return the program's URL.

    Args:
        owner_url: DATABASE_URL; its role owns the tables.
        program_url: DATABASE_APP_URL where a DBA made the role, else None.

    Raises:
        DatabaseFault: in words, with what the DBA has to do.
    """
    check_address(owner_url, "DATABASE_URL")
    if program_url is not None:
        check_address(program_url, "DATABASE_APP_URL")
    try:
        with psycopg.connect(owner_url, autocommit=True, connect_timeout=10) as link:
            check_served(link)
            make_extensions(link)
            if program_url is None:
                program_url = make_program_role(link, owner_url, folder)
            program = check_program_role(link, program_url)
            grant(link, program)
    except psycopg.OperationalError as error:
        raise no_answer("DATABASE_URL", error) from error
    return program_url


def has_tables(owner_url: str) -> bool:
    """Whether some version has made its tables in the database."""
    with psycopg.connect(owner_url, connect_timeout=10) as link:
        return value(link, "select to_regclass('django_migrations')") is not None


def check_served(link: psycopg.Connection) -> None:
    """Version, encoding and the right to make tables."""
    if link.info.server_version < OLDEST_SERVED:
        raise DatabaseFault(
            _("The served database is too old: PostgreSQL {here}, 15 or later is needed.").format(
                here=link.info.parameter_status("server_version")
            )
        )
    encoding = link.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseFault(
            _(
                "The served database has the encoding {encoding}; UTF8 is needed "
                "(create database … encoding 'UTF8' template template0)."
            ).format(encoding=encoding)
        )
    may_make = (
        "select has_schema_privilege(current_user, 'public', 'create')"
        " and has_database_privilege(current_user, current_database(), 'create')"
    )
    if not value(link, may_make):
        raise DatabaseFault(
            _(
                "The role {role} of DATABASE_URL may not make tables and schemas. Let the DBA run: "
                "alter database {name} owner to {role}; grant create on schema public to {role};"
            ).format(role=link.info.user, name=link.info.dbname)
        )


def make_extensions(link: psycopg.Connection) -> None:
    for name in EXTENSIONS:
        if exists(link, "select from pg_extension where extname = %s", name):
            continue
        if not exists(link, "select from pg_available_extensions where name = %s", name):
            raise DatabaseFault(
                _(
                    "The server lacks the extension {name}. Let the DBA install PostgreSQL's "
                    "contrib package (on Debian it is part of postgresql)."
                ).format(name=name)
            )
        try:
            link.execute(sql.SQL("create extension {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            raise DatabaseFault(
                _(
                    "The role {role} may not make the extension {name}. Let the DBA run in "
                    "{database}: create extension {name};"
                ).format(role=link.info.user, name=name, database=link.info.dbname)
            ) from None


def make_program_role(link: psycopg.Connection, owner_url: str, folder: Folder) -> str:
    """The program's role on a served database; its password is ours and kept in the folder."""
    password = folder.secret("app_password")
    program_url = as_role(owner_url, PROGRAM, password)
    if exists(link, "select from pg_roles where rolname = %s", PROGRAM):
        try:
            psycopg.connect(program_url, connect_timeout=10).close()
        except psycopg.OperationalError:
            raise DatabaseFault(
                _(
                    "The server already has a role {role}, and its password is not the one in "
                    "{folder}. Restore that file, or give DATABASE_APP_URL."
                ).format(role=PROGRAM, folder=folder.path / "app_password")
            ) from None
        return program_url
    try:
        set_login(link, PROGRAM, password)
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseFault(
            _(
                "The role {owner} of DATABASE_URL may not make roles. Let the DBA run: "
                "create role {role} login password '…'; and give DATABASE_APP_URL with it."
            ).format(owner=link.info.user, role=PROGRAM)
        ) from None
    return program_url


def as_role(url: str, role: str, password: str) -> str:
    """The same database and options, another role."""
    facts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    database = facts.pop("dbname", facts.get("user", ""))
    rest = {name: fact for name, fact in facts.items() if name not in ("user", "password")}
    where = urlencode(rest, quote_via=quote)
    return f"postgresql://{role}:{quote(password, safe='')}@/{quote(database)}?{where}"


def check_program_role(link: psycopg.Connection, program_url: str) -> str:
    """The name of the program's role; refused when it could get round the audit trail."""
    with psycopg.connect(program_url, connect_timeout=10) as program:
        name, database = program.info.user, program.info.dbname
    is_mighty = value(
        link,
        "select r.rolsuper or pg_has_role(r.oid, current_user, 'member') "
        "from pg_roles r where r.rolname = %s",
        name,
    )
    if is_mighty:
        raise DatabaseFault(
            _(
                "The role {role} that the program would run as is a superuser or the owner "
                "itself. It must own nothing, else evidence could be changed: give a plain "
                "role in DATABASE_APP_URL."
            ).format(role=name)
        )
    if database != link.info.dbname:
        raise DatabaseFault(
            _("DATABASE_URL names the database {one}, DATABASE_APP_URL names {other}.").format(
                one=link.info.dbname, other=database
            )
        )
    return name


# -- privileges --------------------------------------------------------------------------------


def grant(link: psycopg.Connection, program: str) -> None:
    """Let the program use what the owner will make. Existing tables are left as they are:

    the audit trail has taken privileges away from some, and must not get them back.
    """
    role = sql.Identifier(program)
    with link.transaction():
        for what in (
            "usage on schemas",
            "select, insert, update, delete on tables",
            "usage, select, update on sequences",
            "execute on functions",
        ):
            link.execute(sql.SQL("alter default privileges grant " + what + " to {}").format(role))
        link.execute(sql.SQL("grant usage on schema public to {}").format(role))
        link.execute(sql.SQL("revoke create on schema public from {}").format(role))


def set_login(link: psycopg.Connection, role: str, password: str) -> None:
    """Make the role or set its password; the server's log sees only the SCRAM verifier."""
    verifier = link.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    verb = "alter" if exists(link, "select from pg_roles where rolname = %s", role) else "create"
    link.execute(
        sql.SQL(verb + " role {} login nosuperuser nocreatedb nocreaterole password {}").format(
            sql.Identifier(role), sql.Literal(verifier)
        )
    )


def exists(link: psycopg.Connection, query: str, *parameters: str) -> bool:
    return link.execute(query, parameters).fetchone() is not None


def value(link: psycopg.Connection, query: str, *parameters: str) -> object:
    row = link.execute(query, parameters).fetchone()
    return row[0] if row else None
