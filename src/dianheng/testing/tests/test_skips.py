"""What cannot run here is skipped by name and counted; in CI an avoidable skip fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.needs("pdfsig-of-nobody")
def test_a_signature():
    raise AssertionError

@pytest.mark.needs("sh", "libc")
def test_a_shell_and_a_library():
    pass

@pytest.mark.root
def test_a_mount():
    pass

def test_something_that_nobody_can_run():
    pytest.skip("the documentation is not beside the package")
"""
REASON = "needs Debian's pdfsig-of-nobody (scripts/system_packages.sh)"


def run(folder: Path, *options: str, as_root: bool, **variables: str) -> tuple[int, str]:
    (folder / "test_them.py").write_text(TESTS)
    user = f"import os; os.geteuid = lambda: {0 if as_root else 1000}"
    code = f"{user}; import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    needs: programs\n    root: root\n")
    said = subprocess.run(
        [sys.executable, "-c", code, "-q", "-p", "no:cacheprovider", "-p", "dianheng.testing.skips",
         "-p", "no:django", "-p", "no:xdist", *options, str(folder)],
        env={k: v for k, v in os.environ.items() if k != "DIANHENG_NO_SKIPS"} | variables, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return said.returncode, said.stdout


def test_skips_are_named_and_counted(tmp_path: Path):
    code, said = run(tmp_path, as_root=True)
    assert code == 0
    assert f"skipped  test_them.py::test_a_signature: {REASON}\n" in said
    assert "Skipped tests: 2\n" in said
    assert "2 passed, 2 skipped" in said


@pytest.mark.parametrize(
    ("as_root", "code"), [(True, 1), (False, 0)], ids=["root could have", "nobody else could"]
)
def test_a_skip_that_root_could_have_avoided_fails_in_ci(as_root: bool, code: int, tmp_path: Path):
    ended, said = run(tmp_path, as_root=as_root, DIANHENG_NO_SKIPS="1")
    assert ended == code
    assert (f"root could have avoided it: {REASON}" in said) is as_root
    assert ("test_a_mount: needs root" in said) is not as_root
    assert f"Skipped tests: {1 if as_root else 3}\n" in said
