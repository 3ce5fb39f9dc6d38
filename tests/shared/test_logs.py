"""Logs: one JSON object per line."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from watchword.observability.logs import JsonFormatter, request_id

THE_ID = UUID("01890000-0000-7000-8000-000000000000")


@pytest.fixture
def in_request() -> Iterator[str]:
    token = request_id.set("this-one")
    yield "this-one"
    request_id.reset(token)


def line_of(message: str = "said", *arguments: object, **fields: Any) -> dict[str, Any]:
    logger = logging.getLogger("a.logger")
    record = logger.makeRecord(logger.name, logging.WARNING, "file.py", 1, message, arguments, None, extra=fields)
    text = JsonFormatter("tested").format(record)
    assert "\n" not in text
    line: dict[str, Any] = json.loads(text)
    return line


def test_line_has_time_level_service_logger_and_message() -> None:
    line = line_of("said %s", "this")
    assert datetime.fromisoformat(line.pop("at")).utcoffset() is not None
    assert line == {"level": "warning", "service": "tested", "logger": "a.logger", "message": "said this"}


def test_line_carries_the_id_of_its_request(in_request: str) -> None:
    assert line_of()["request_id"] == in_request


def test_line_carries_extra_fields() -> None:
    line = line_of(status=401, reason="expired", subject=THE_ID, names=["a"])
    assert (line["status"], line["reason"], line["subject"], line["names"]) == (401, "expired", str(THE_ID), ["a"])


def test_line_breaks_stay_inside_the_line() -> None:
    assert line_of("one\ntwo")["message"] == "one\ntwo"


@pytest.mark.parametrize("value", ["\ud800", 2**70, float("nan"), {1: "one"}, {"a", "b"}, object(), b"\xff"])
def test_nothing_is_too_strange_to_be_logged(value: object) -> None:
    assert line_of("said %s", value, value=value)["level"] == "warning"


def test_line_holds_the_whole_exception() -> None:
    try:
        raise ValueError("a cause")
    except ValueError:
        record = logging.LogRecord("a.logger", logging.ERROR, "file.py", 1, "failed", (), sys.exc_info())
    line = json.loads(JsonFormatter("tested").format(record))
    assert line["message"] == "failed"
    assert "Traceback" in line["exception"]
    assert "ValueError: a cause" in line["exception"]


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)


def test_the_whole_process_logs_json_to_standard_output() -> None:
    ended = run("""
import logging
from watchword.observability.logs import configure_logging
configure_logging("posts", "info")
configure_logging("posts", "info")
logging.getLogger("uvicorn.error").info("started")
logging.getLogger("anybody").warning("said", extra={"field": 1})
logging.getLogger("anybody").debug("unheard")
logging.getLogger("httpx").info("GET http://issuer.example/?token=secret")
""")
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["message"] for line in lines] == ["started", "said"]
    assert {line["service"] for line in lines} == {"posts"}
    assert ended.stderr == ""
