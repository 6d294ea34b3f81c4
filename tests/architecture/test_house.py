"""The house keeps its shape: who may import and write what, what is under audit."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "dianheng"
APPS = [
    "identity",
    "workflow",
    "documents",
    "customers",
    "assets",
    "seals",
    "warehouse",
    "standards",
    "verification",
    "supply",
    "fieldwork",
    "planning",
    "office",
    "analysis",
    "interfaces",
]
# Bookkeeping of the program, not records of the trade: written without actor, kept without history.
BOOKKEEPING = {
    "identity_accessevent": "the security log: added without a batch, removed only on the record",
    "identity_rightuse": "on which day a right was last used, noted after the act",
    "identity_trailwatch": "how far along the chain a watcher has looked",
    "common_job": "progress of long work",
    "common_savedview": "how a person likes a list",
    "assets_stock": "projection of the register, kept by a trigger",
    "assets_registerfault": "what the last check of a register file found",
    "supply_deliveryfault": "what the last check of a delivery file found",
    "supply_makertestfault": "what the last check of a maker's test data found",
    "warehouse_labelrun": "what a person chose for labels, until it is printed",
    "warehouse_scansession": "a person's scans before they are booked as a movement",
    "warehouse_scan": "one scan of such a session",
    "workflow_enginestate": "where the engine stands, derived from what was done",
    "office_archivecount": "projection of the archive, kept by a trigger",
    "office_archivesearch": "what pieces of the archive are found by, made anew with them",
    "analysis_pointshape": "what decides the rule of a point, drawn from records and schemes",
    "analysis_tracedrecord": "what a trace found, found again at any time",
    "analysis_trialrecord": "what a trial of a rule found, found again at any time",
    "workflow_formdraft": "what a person has typed and not sent",
}
# `papers` are the shapes of documents, `panels` the places where others may register,
# `list_pages` what the pages of every kind of device list share, `contents` what a file is.
DRAWERS = {
    "services", "selectors", "rules", "errors", "choices", "registry", "models", "audit", "papers", "panels", "fields", "columns",
    "list_pages", "contents",
}  # fmt: skip
WRITES = {
    "create",
    "update",
    "delete",
    "save",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
}


def tracked(*patterns: str) -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True
    ).stdout
    return [ROOT / name for name in names.decode().split("\0") if name and (ROOT / name).exists()]


def sources() -> list[Path]:
    return [
        p
        for p in sorted(PACKAGE.rglob("*.py"))
        if "tests" not in p.parts and "migrations" not in p.parts
    ]


def imports(path: Path) -> list[tuple[str, list[str]]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append((node.module or "", [alias.name for alias in node.names]))
    return found


def test_no_registry_host_stands_in_a_tracked_file():
    hosts = re.compile(
        rb"(?:files\.pythonhosted|pypi)\.(?:org|io)|registry\.npmjs\.org|deb\.debian\.org|registry\.yarnpkg|npmmirror|tuna\.tsinghua",
        re.I,
    )
    bad = [
        p.relative_to(ROOT)
        for p in tracked()
        if p != Path(__file__) and hosts.search(p.read_bytes())
    ]
    assert bad == []


def test_no_third_party_file_is_committed():
    assert [
        p
        for p in tracked()
        if p.suffix in {".ttf", ".otf", ".woff", ".woff2", ".mo"}
        or p.name.endswith((".min.js", ".min.css"))
    ] == []


@pytest.mark.parametrize(
    "path",
    [p for p in sources() if p.name == "rules.py" or "rules" in p.parts],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_rules_know_no_framework(path):
    assert [
        m
        for m, _n in imports(path)
        if m.split(".")[0] in {"django", "psycopg", "procrastinate", "ninja", "ibis", "duckdb"}
    ] == []


@pytest.mark.parametrize("app", APPS)
def test_only_public_drawers_of_other_apps_are_imported(app):
    bad = []
    for path in sources():
        if path.relative_to(PACKAGE).parts[0] != app:
            continue
        for module, _names in imports(path):
            parts = module.split(".")
            if (
                parts[0] == "dianheng"
                and len(parts) > 2
                and parts[1] in APPS
                and parts[1] != app
                and parts[2] not in DRAWERS
            ):
                bad.append(f"{path.relative_to(PACKAGE)}: {module}")
    assert bad == []


@pytest.mark.parametrize("app", APPS)
def test_an_app_writes_only_its_own_tables(app):
    """Models of other apps are read, never written: each app's services do that."""
    bad = []
    for path in sources():
        if path.relative_to(PACKAGE).parts[0] != app:
            continue
        foreign = {
            name
            for module, names in imports(path)
            if re.fullmatch(r"dianheng\.(\w+)\.models", module)
            and module.split(".")[1] != app
            and module.split(".")[1] != "common"
            for name in names
        }
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in WRITES
            ):
                root = node.func.value
                while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
                    root = root.func if isinstance(root, ast.Call) else root.value
                if isinstance(root, ast.Name) and root.id in foreign:
                    bad.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {root.id}")
    assert bad == []


@pytest.mark.django_db
def test_every_table_is_audited_evidence_or_named_as_bookkeeping():
    from django.apps import apps
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select table_name from audit_table")
        known = {row[0] for row in cursor.fetchall()} | set(BOOKKEEPING)
    tables = {
        model._meta.db_table
        for config in apps.get_app_configs()
        if config.name.startswith("dianheng.")
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed
    }
    assert sorted(tables - known) == []


@pytest.mark.django_db
def test_every_audited_table_has_the_columns_it_is_audited_by():
    """A migration that changes columns must put the table under audit again."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            select a.table_name, s.columns,
                   (select array_agg(c.attname::text order by c.attnum) from pg_attribute c
                     where c.attrelid = a.table_name::regclass and c.attnum > 0 and not c.attisdropped
                       and c.attname <> 'audit_statement_id')
              from audit_table a join audit_shape s on s.id = a.shape_id
            """
        )
        secret = {
            "identity_person": {"password"},
            "identity_apitoken": {"digest"},
            "supply_sampledraw": {"secret_seed"},
        }
        for table, covered, there in cursor.fetchall():
            assert set(there) - set(covered) == secret.get(table, set()), table
