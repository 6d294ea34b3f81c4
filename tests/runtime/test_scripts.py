"""The way from a clone to a running program, where something is missing on the machine."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "make_venv.sh"


def make_venv(folder: Path, body: str) -> tuple[int, str]:
    """The script with a python that does this."""
    python = folder / "python3"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    said = subprocess.run(
        ["/bin/sh", SCRIPT, python, folder / "venv"], capture_output=True, text=True, check=False
    )
    return said.returncode, said.stdout + said.stderr


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            'case "$2" in venv) mkdir -p "$3/bin"; exit 1;; virtualenv) exit 1;; esac',
            "python3 lacks venv. On Debian: apt-get install python3-venv\n",
        ),
        (
            'case "$1" in -c) exit 1;; --version) echo Python 3.9.2;; esac',
            "Dianheng needs Python 3.11 or later; {python} is Python 3.9.2.\n",
        ),
    ],
    ids=["no venv", "too old"],
)
def test_a_python_that_will_not_do_is_said_in_one_line(body: str, words: str, tmp_path: Path):
    assert make_venv(tmp_path, body) == (1, words.format(python=tmp_path / "python3"))
    assert not (tmp_path / "venv").exists()


def test_nothing_is_installed_without_its_digest():
    texts = [path.read_text() for path in (ROOT / "Makefile", SCRIPT)]
    commands = [
        line
        for text in texts
        for line in text.replace("\\\n", " ").splitlines()
        if "-m pip install" in line
    ]
    assert len(commands) == 5
    unpinned = [line.split()[-1] for line in commands if "--require-hashes" not in line]
    assert unpinned == ["."]  # our own package
    for pins in (ROOT / "requirements").glob("*.txt"):
        for pin in pins.read_text().replace("\\\n", " ").splitlines():
            assert "==" in pin and "--hash=sha256:" in pin, f"{pins.name}: {pin}"
