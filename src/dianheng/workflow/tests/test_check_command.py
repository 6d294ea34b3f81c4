"""`dianheng process check` as it is typed: eight prepared bad packs, each with its reason."""

import re
import shutil
import subprocess
import sys

import pytest

from dianheng.workflow.packs.shipped import shipped_folders

WORK = r'<userTask id="work"[^/]*/>'
# What is spoilt in the order that ships, and the line that the command prints for it.
BAD = {
    "same-post": ("pack.toml", r'posts = \["HEAD"\]', 'posts = ["HEAD", "KEEPER"]',
                  r"same_post +pack\.toml#/lanes/负责人/posts: .*KEEPER.*apply.*assign"),
    "dead-end": ("process.bpmn", r'<sequenceFlow id="work_confirm"[^/]*/>', "", r"dead_end +process\.bpmn#work: "),
    "no-time-limit": ("pack.toml", r'form = "work"\nhours = 40', 'form = "work"', r"time_limit +pack\.toml#/tasks/work/hours: "),
    "unknown-service": ("process.bpmn", WORK, '<serviceTask id="work" name="w"/>', r"service +pack\.toml#/tasks/work/service: .*stock\.book"),
    "script": ("process.bpmn", WORK, '<scriptTask id="work"><script>open("/etc/passwd")</script></scriptTask>',
               r"script +process\.bpmn#work: "),
    "missing-form": ("pack.toml", r'form = "work"', 'form = "gone"', r"form +pack\.toml#/tasks/work/form: .*gone"),
    "incomplete-gateway": ("process.bpmn", r' default="decided_work"', "", r"gateway +process\.bpmn#decided: "),
    "unreachable": ("process.bpmn", r'<endEvent id="done"', '<userTask id="lost" name="x"/><endEvent id="done"',
                    r"unreachable +process\.bpmn#lost: "),
}  # fmt: skip


def spoilt(folder, name):
    """A copy of the order that ships, with one thing wrong."""
    target, (file, old, new, _said) = folder / name, BAD[name]
    shutil.copytree(next(path for path in shipped_folders() if path.name == "work_order"), target)
    text = (target / file).read_text("utf-8")
    assert re.search(old, text), name
    (target / file).write_text(re.sub(old, new, text, count=1), "utf-8")
    if name == "unknown-service":
        plan = (target / "pack.toml").read_text("utf-8")
        named = plan.replace('form = "work"\nhours = 40', 'service = "stock.book"', 1)
        (target / "pack.toml").write_text(named, "utf-8")
    return target


def command(*folders):
    return subprocess.run(
        [sys.executable, "-m", "dianheng.config.cli", "process", "check", *map(str, folders)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """What the command says of all of them at once: a part of the answer for each."""
    folder = tmp_path_factory.mktemp("bad")
    done = command(*(spoilt(folder, name) for name in BAD))
    assert done.returncode == 1, done.stderr
    parts = re.split(r"^work-order \d+: .*$", done.stdout, flags=re.M)[1:]
    return dict(zip(BAD, parts, strict=True))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_pack_fails_with_the_right_reason(answer, name):
    assert re.search(BAD[name][3], answer[name]), answer[name]


def test_a_form_that_is_no_json_is_named_with_its_file_and_line(tmp_path):
    folder = tmp_path / "half"
    shutil.copytree(next(path for path in shipped_folders() if path.name == "work_order"), folder)
    (folder / "forms/work.json").write_text('{"type": "object",\n "order": [}', "utf-8")
    done = command(folder)
    assert done.returncode == 2 and "forms/work.json: " in done.stderr
    assert re.search(r"(第 2 行第 12 列|line 2, column 12)", done.stderr)


def test_all_packs_that_ship_pass():
    done = command()
    assert done.returncode == 0 and len(done.stdout.splitlines()) == len(shipped_folders())
