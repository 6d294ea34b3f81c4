"""`dianheng calc` and `dianheng sampling` as a person types them."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dianheng.metrology.draws import draw, list_digest, seed_digest

SEED = "8f2c1f0e6b7d4a3390cb5f5e1d2a7c44"
DEVICES = [f"4130001{number:014d}0" for number in range(1, 51)]


def run(
    *arguments: str, stdin: str = "", locale: str = "C.UTF-8"
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without any database in reach."""
    environment = {name: value for name, value in os.environ.items() if "DATABASE" not in name}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment["LC_ALL"] = locale
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "dianheng.config.cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )


def test_an_answer_stands_alone_on_standard_output() -> None:
    done = run("calc", "round", stdin='{"meter_class": "1", "mean_error_percent": 0.25}')
    assert done.returncode == 0
    assert json.loads(done.stdout)["result"] == {"rounded": "+0.2"}
    assert done.stderr == ""


def test_input_comes_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "ask.json").write_text('[{"value": 842, "interval": 20}]', encoding="utf-8")
    done = run("calc", "round", "--file", str(tmp_path / "ask.json"))
    assert done.returncode == 0
    assert json.loads(done.stdout)[0]["result"] == {"rounded_value": "840"}


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "field"),
    [
        (["calc", "round"], "{}", "wrong_fields", "meter_class"),
        (["calc", "round"], "", "not_json", ""),
        (["calc", "nothing"], "{}", "unknown_calculator", "name"),
        (["calc"], "", "wrong_fields", "name"),
        (["calc", "round", "--file", "/nowhere/at/all"], "", "file_unreadable", "file"),
    ],
    ids=["missing fields", "no JSON", "unknown name", "no name", "no such file"],
)
def test_a_refusal_is_one_error_object_and_exit_code_two(
    arguments: list[str], stdin: str, code: str, field: str
) -> None:
    done = run(*arguments, stdin=stdin)
    assert done.returncode == 2
    body = json.loads(done.stdout)
    assert body["code"] == code
    assert field == "" or field in {each["field"] for each in body["errors"]}
    assert done.stderr == ""


def test_a_bad_element_of_a_list_has_its_error_in_its_place() -> None:
    done = run(
        "calc", "round", stdin='[{"value": 1, "interval": 0}, {"value": 842, "interval": 20}]'
    )
    assert done.returncode == 2
    bad, good = json.loads(done.stdout)
    assert bad["errors"][0]["field"] == "interval"
    assert good["result"] == {"rounded_value": "840"}


def test_the_list_names_all_with_their_schema() -> None:
    done = run("calc", "--list")
    assert done.returncode == 0
    listed = json.loads(done.stdout)
    assert set(listed) == {
        "round", "verdict", "start_creep", "constant", "clock", "demand", "sampling", "barcode",
        "period", "label", "ir46", "wiring", "ct_pt", "composite", "device_class", "kpi",
    }  # fmt: skip
    assert "meter class 0.5S" in listed["period"]["input"]["properties"]["item"]["enum"]


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        (
            "sampling",
            '{"standard": "GB/T 2828.1-2012", "lot": 100, "level": "II", "aql": "0.3"}',
            "不在表列值中（可选：0.065 0.1",
        ),
        ("round", '{"value": "abc", "interval": "1"}', "不是有效数字"),
        ("nothing", "{}", "没有该计算器"),
    ],
)
def test_a_refusal_speaks_chinese_where_the_terminal_does(name: str, asked: str, said: str) -> None:
    done = run("calc", name, stdin=asked, locale="zh_CN.UTF-8")
    error = json.loads(done.stdout)
    assert done.returncode == 2
    assert said in done.stdout, "written as it is read, not as escapes"
    assert not any(each["text"].isascii() for each in (error, *error["errors"]))


def test_calculators_need_no_framework() -> None:
    program = (
        "import sys; from dianheng.config.commands import calc, sampling;"
        "print([name for name in ('django', 'psycopg', 'ninja', 'random') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture
def device_list(tmp_path: Path) -> Path:
    """A frozen list as it is exported: heading, code and a further column."""
    path = tmp_path / "devices.csv"
    lines = ["bar_code,box", *(f"{code},{place}" for place, code in enumerate(DEVICES))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def test_a_published_draw_is_repeated(device_list: Path, tmp_path: Path) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_text("\n".join(draw(SEED, DEVICES, 8)), encoding="utf-8")
    seed = tmp_path / "seed.txt"
    seed.write_text(SEED + "\n", encoding="utf-8")
    done = run(
        "sampling", "redraw", "--seed-file", str(seed), "--list", str(device_list), "--count", "8",
        "--seed-digest", hashlib.sha256(SEED.encode()).hexdigest(),
        "--list-digest", list_digest(DEVICES), "--sample", str(sample),
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.splitlines() == list(draw(SEED, DEVICES, 8))
    assert "sha256-rank-1" in done.stderr and seed_digest(SEED) in done.stderr


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--seed-digest", "the seed does not have"),
        ("--list-digest", "the device list does not have"),
    ],
)
def test_a_draw_that_differs_is_said(device_list: Path, option: str, said: str) -> None:
    done = run(
        "sampling", "redraw", "--seed", SEED, "--list", str(device_list), "--count", "8",
        option, "0" * 64,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stdout.splitlines()) == 8


@pytest.mark.parametrize(
    ("seed", "count", "said"),
    [("short", "8", "a seed has"), (SEED, "51", "at most the list"), (SEED, "0", "at least one")],
)
def test_a_draw_that_cannot_be_made_says_why(
    device_list: Path, seed: str, count: str, said: str
) -> None:
    done = run("sampling", "redraw", "--seed", seed, "--list", str(device_list), "--count", count)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_draw_speaks_chinese_where_the_terminal_does(device_list: Path) -> None:
    done = run(
        "sampling", "redraw", "--seed", SEED, "--list", str(device_list), "--count", "8",
        "--list-digest", "0" * 64, locale="zh_CN.UTF-8",
    )  # fmt: skip
    algorithm, seed, frozen, count, differs = done.stderr.splitlines()
    assert algorithm == "算法：sha256-rank-1" and seed == f"种子摘要：{seed_digest(SEED)}"
    assert frozen == f"设备清单摘要：{list_digest(DEVICES)}" and count == "清单设备数：50"
    assert differs == "不一致：设备清单与公布的摘要不符"
    short = run(
        "sampling", "redraw", "--seed", "x", "--list", str(device_list), "--count", "8",
        locale="zh_CN.UTF-8",
    )  # fmt: skip
    assert short.stderr == "种子应为32至256个可见字符（长度：1）\n"


def test_a_list_that_is_not_there_says_so() -> None:
    done = run("sampling", "redraw", "--seed", SEED, "--list", "/nowhere/at/all", "--count", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be read" in done.stderr
