"""Log lines are JSON and name nobody."""

import json
import logging

import psycopg
import pytest

from dianheng.config.logs import Line, NoPersonalData


def line(
    message: str = "done",
    *arguments: object,
    name: str = "dianheng.x",
    error: BaseException | None = None,
    **extra: object,
) -> dict:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, info)
    record.__dict__.update(extra)
    assert NoPersonalData().filter(record)
    text = Line().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_has_time_level_logger_message_and_the_known_facts():
    said = line("imported", rows=3000, seconds=1.5)
    at = said.pop("at")
    assert at.endswith("+00:00")
    assert said == {
        "level": "ERROR", "logger": "dianheng.x", "message": "imported", "rows": 3000, "seconds": 1.5,
    }  # fmt: skip


def test_facts_nobody_declared_are_dropped():
    assert "person" not in json.dumps(line(person="王五", token="t0k3n", request="GET /?name=王五"))


def test_an_exception_is_told_without_its_text():
    try:
        try:
            raise psycopg.errors.UniqueViolation("Key (name)=(张三) already exists.")
        except psycopg.Error as cause:
            raise ValueError("张三 is there already") from cause
    except ValueError as error:
        said = line("job failed", error=error)
    assert "张三" not in json.dumps(said, ensure_ascii=False)
    assert [entry["kind"] for entry in said["exception"]] == [
        "builtins.ValueError", "psycopg.errors.UniqueViolation",
    ]  # fmt: skip
    assert said["exception"][1]["sqlstate"] == "23505"
    assert said["exception"][0]["at"][-1].endswith("test_an_exception_is_told_without_its_text")


@pytest.mark.parametrize(
    ("name", "message", "arguments"),
    [
        ("django.request", "Not Found: %s", ("/people/张三/",)),
        ("axes.attempts", "AXES: Repeated login failure by %s.", ("zhangsan 10.0.0.8",)),
        ("procrastinate.worker", "Job run_job[3](name=%s) ended", ("张三",)),
    ],
)
def test_messages_of_libraries_lose_what_they_quote(name: str, message: str, arguments: tuple):
    said = json.dumps(line(message, *arguments, name=name), ensure_ascii=False)
    assert "张三" not in said
    assert "zhangsan" not in said


def test_a_watchdog_that_finds_all_well_leaves_no_line():
    record = logging.makeLogRecord({"name": "dianheng.request", "route": "healthz", "status": 200})
    assert not NoPersonalData().filter(record)
    record.status = 503
    assert NoPersonalData().filter(record)
