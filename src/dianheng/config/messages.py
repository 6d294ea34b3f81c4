"""Catalogues of the texts that people see.

`python -m dianheng.config.messages extract|compile|check [APP …]`

English stands in code and templates, Chinese in `<app>/locale/zh_Hans/LC_MESSAGES/django.po`.
No gettext binaries are needed: Babel reads and writes the catalogues, Django turns templates
into something that Babel can read. A text that `common` has is not repeated in other apps.

    extract [APP …]   bring the catalogues in line with the sources; new texts have no Chinese yet
    compile           make the .mo files that are older than their .po (never committed)
    check [APP …]     list what is missing, fuzzy, unused, says other places than the English, or
                      has the half-width marks of English between Chinese
"""

import argparse
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parents[1]
LOCALE = "zh_Hans"
KEYWORDS: dict[str, tuple[object, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
HEADER = (
    'msgid ""\nmsgstr ""\n"Language: zh_Hans\\n"\n"MIME-Version: 1.0\\n"\n'
    '"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    '"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
)
SKIPPED_FOLDERS = {"tests", "migrations", "locale", "testing", "__pycache__"}
# Read without Django, so it has a catalogue of its own and shares nothing with `common`.
APART = ("config",)
PLACES = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
CODE = re.compile(r"'[^']*'|`[^`]*`")
# Characters and marks of Chinese; a place in a text stands as \0.
CHINESE = "\u3001-\u303f\u3400-\u9fff\uff01-\uff5e“”"
HALF_WIDTH = re.compile(
    rf"[{CHINESE}][,:;?!(]|[,:;?!] ?[{CHINESE}]|\)[{CHINESE}]|\([^()]*[\u3400-\u9fff][^()]*\)"
    rf"|\0,|[{CHINESE}]\.(?:\s|$)"
)

Key = tuple[str | None, str]  # context, English (the singular)


@dataclass(frozen=True)
class Found:
    """A text in the sources."""

    context: str | None
    singular: str
    plural: str | None
    file: str

    @property
    def key(self) -> Key:
        return self.context, self.singular

    @property
    def id(self) -> str | tuple[str, str]:
        return (self.singular, self.plural) if self.plural is not None else self.singular


def apps(package: Path = PACKAGE) -> list[Path]:
    """Folders that have a catalogue, or texts that need one; `common` first."""
    folders = [path for path in package.iterdir() if (path / "__init__.py").exists()]
    kept = [path for path in folders if path.name not in SKIPPED_FOLDERS]
    return sorted(kept, key=lambda path: (path.name != "common", path.name))


def texts_of(app: Path) -> dict[Key, Found]:
    """Every text of an app's Python files and templates."""
    found: dict[Key, Found] = {}
    for path in sorted(app.rglob("*")):
        parts = path.relative_to(app).parts
        if path.suffix not in (".py", ".html", ".txt") or SKIPPED_FOLDERS.intersection(parts):
            continue
        if path.suffix != ".py" and "templates" not in parts:
            continue
        for one in texts_in(path, app):
            known = found.get(one.key)
            if known is None or (known.plural is None and one.plural is not None):
                found[one.key] = one
    return found


def own_texts(app: Path, shared: set[Key]) -> dict[Key, Found]:
    """The texts that the app's own catalogue must hold."""
    is_apart = any(app.as_posix().endswith(f"/{name}") for name in APART)
    return {key: one for key, one in texts_of(app).items() if is_apart or key not in shared}


def texts_in(path: Path, app: Path) -> Iterator[Found]:
    """The texts of one file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        if "{%" not in source and "_(" not in source:
            return
        source = as_python(source, path)
    elif not any(f"{word}(" in source for word in KEYWORDS):
        return
    name = path.relative_to(app).as_posix()
    lines = io.BytesIO(source.encode())
    for _line, function, messages, _comments in extract_python(lines, list(KEYWORDS), [], {}):
        given = list(messages) if isinstance(messages, tuple | list) else [messages]
        context = given.pop(0) if "pgettext" in function else None
        singular = given[0] if given else None
        if not singular:
            continue
        has_plural = function.startswith("n") and len(given) > 1
        yield Found(context, singular, given[1] if has_plural else None, name)


def as_python(source: str, path: Path) -> str:
    """A template's texts as calls; lines begin at the margin, since indents mean nothing here."""
    import django
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure(USE_I18N=True)
    del django
    calls = templatize(source, origin=str(path))
    return "\n".join(line.lstrip() for line in calls.splitlines()) + "\n"


def catalogue_path(app: Path) -> Path:
    return app / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def read(app: Path) -> Catalog:
    """The catalogue of an app, empty when there is none."""
    path = catalogue_path(app)
    if not path.exists():
        return Catalog(locale=LOCALE)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def key_of(message: Message) -> Key:
    singular = message.id if isinstance(message.id, str) else message.id[0]
    return message.context, singular


def entries(catalogue: Catalog) -> dict[Key, Message]:
    """Texts of a catalogue without its head."""
    return {key_of(message): message for message in catalogue if message.id}


def in_words(message: Message) -> str:
    """The Chinese, empty when there is none."""
    text = message.string if isinstance(message.string, str) else "".join(message.string)
    return text or ""


# -- the three commands --------------------------------------------------------------------------


def extract(names: list[str], package: Path = PACKAGE) -> int:
    """Rewrite the catalogues; returns how many texts have no Chinese yet."""
    shared: set[Key] = set()
    missing = 0
    known = {
        key: message
        for app in reversed(apps(package))
        for key, message in entries(read(app)).items()
        if in_words(message)
    }
    for app in apps(package):
        wanted = own_texts(app, shared)
        if app.name == "common":
            shared = set(wanted)
        if names and app.name not in names:
            continue
        old = entries(read(app))
        new = Catalog(locale=LOCALE, header_comment="")
        for key, one in wanted.items():
            message = old.get(key) or known.get(key)
            string = in_words(message) if message else ""
            new.add(one.id, (string,) if one.plural is not None else string,
                    locations=[(one.file, 1)], context=one.context,
                    user_comments=old[key].user_comments if key in old else ())  # fmt: skip
            if not string:
                missing += 1
                print(f"{app.name}: {one.singular}")
        path = catalogue_path(app)
        if not wanted:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        body = io.BytesIO()
        write_po(body, new, width=100, omit_header=True, sort_output=True, include_lineno=False)
        text = HEADER + body.getvalue().decode().lstrip()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    print(f"{missing} texts without Chinese.")
    return missing


def compile_stale(package: Path = PACKAGE) -> int:
    """Make .mo files that are missing or older than their .po; returns how many."""
    made = 0
    for app in apps(package):
        path = catalogue_path(app)
        target = path.with_suffix(".mo")
        if not path.exists() or (
            target.exists() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns
        ):
            continue
        draft = target.with_name(f".{target.name}.new")
        with draft.open("wb") as file:
            write_mo(file, read(app))
        draft.replace(target)
        made += 1
    return made


def check(names: list[str], package: Path = PACKAGE) -> list[str]:
    """What is wrong, one line each."""
    faults: list[str] = []
    shared: set[Key] = set()
    chinese: dict[Key, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for app in apps(package):
        texts, wanted, had = texts_of(app), own_texts(app, shared), entries(read(app))
        for key, message in had.items():
            chinese[key][in_words(message)].append(app.name)
        if not names or app.name in names:
            for one in wanted.values():
                faults += [
                    f"{app.name}: {fault} – {one.singular!r}" for fault in faults_of(one, had)
                ]
            faults += [f"{app.name}: unused – {key[1]!r}" for key in had if key not in texts]
        if app.name == "common":
            shared = set(wanted)
    for (_context, singular), words in chinese.items():
        if len(words) > 1 and "" not in words:
            said = "; ".join(f"{', '.join(where)}: {text}" for text, where in words.items())
            concerned = {name for where in words.values() for name in where}
            if not names or concerned.intersection(names):
                faults.append(f"one text, several translations – {singular!r} ({said})")
    return faults


def faults_of(one: Found, had: dict[Key, Message]) -> Iterator[str]:
    """What is wrong with the translation of one text."""
    message = had.get(one.key)
    if message is None:
        yield "not in the catalogue (run extract)"
    elif not in_words(message):
        yield "no Chinese"
    elif message.fuzzy:
        yield "fuzzy"
    elif places(one.plural or one.singular) != places(in_words(message)):
        yield "other places than the English"
    elif has_half_width(in_words(message)):
        yield "half-width marks between Chinese"


def places(text: str) -> set[str]:
    """Named places in a text."""
    return {named or braced for named, braced in PLACES.findall(text)}


def has_half_width(text: str) -> bool:
    """Whether a mark of English stands where Chinese has one of its own.

    Codes, addresses, times and units keep theirs.

    >>> has_half_width("表 %(no)s:已加封"), has_half_width("如 {host}:{port}，合闸时间 (s)")
    (True, False)
    """
    return HALF_WIDTH.search(CODE.sub("", PLACES.sub("\0", text))) is not None


def main(arguments: list[str] | None = None) -> int:
    """0 when nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m dianheng.config.messages", description=__doc__)
    parser.add_argument("action", choices=["extract", "compile", "check"])
    parser.add_argument("apps", nargs="*", metavar="APP")
    options = parser.parse_args(arguments)
    if options.action == "extract":
        extract(options.apps)
        return 0
    if options.action == "compile":
        compile_stale()
        return 0
    faults = check(options.apps)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
