"""`install` on any FastAPI app: a small one, served by uvicorn as its documentation says, over HTTP."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.support.waiting import wait_until
from watchword.http.hot import HotRoutes
from watchword.service import install
from watchword.service.installation import add_frame
from watchword.service.middleware import OutermostMiddleware, UnhandledErrors

NOTES = """
from fastapi import Body, Depends, FastAPI
from watchword.auth import protect, public, requires
from watchword.service import install
from watchword.testing import Issuer

app, issuer = FastAPI(), Issuer()
{setup}

@app.post("/notes")
@public
async def write_note(note: str = Body()) -> int:
    return len(note)

@app.get("/broken")
@public
async def broken() -> None:
    raise RuntimeError("password=hunter2")
"""
GUARDED = """
@app.get("/guarded", dependencies=[Depends(requires("notes:read"))])
async def guarded() -> str:
    return "read"

@app.get("/token")
@public
async def token() -> dict[str, str]:
    return issuer.bearer("ada", scope="notes:read")
"""
INSTALL = 'install(app, "notes", max_body_bytes=2_048, docs_client_id="web")'
PROTECT = "protect(app, issuer.verifier())"
APPS = {
    "alone": NOTES.format(setup=INSTALL),
    "before protect": NOTES.format(setup=f"{INSTALL}\n{PROTECT}") + GUARDED,
    "after protect": NOTES.format(setup=f"{PROTECT}\n{INSTALL}") + GUARDED,
}


@dataclass
class Notes:
    """The app in a process of its own, and what that process has written."""

    http: httpx.Client
    output: Path

    def lines(self, message: str) -> list[dict[str, Any]]:
        """The log lines whose message begins with this. Fails if any line of the process is not JSON."""
        lines = [json.loads(line) for line in self.output.read_text().splitlines()]
        return [line for line in lines if line["message"].startswith(message)]


@pytest.fixture(scope="module", params=APPS)
def notes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notes]:
    folder = tmp_path_factory.mktemp("notes")
    (folder / "notes.py").write_text(APPS[request.param])
    output = folder / "output"
    command = [sys.executable, "-m", "uvicorn", "notes:app", "--port", "0"]
    with (
        output.open("w") as file,
        subprocess.Popen(command, cwd=folder, env=os.environ, stdout=file, stderr=subprocess.STDOUT) as process,
    ):
        try:
            address = re.compile(r"running on (http://[0-9.:]+)")
            wait_until(lambda: address.search(output.read_text()) is not None, output.read_text)
            match = address.search(output.read_text())
            assert match is not None
            with httpx.Client(base_url=match[1]) as http:
                yield Notes(http, output)
        finally:
            process.terminate()
    assert process.returncode in (0, -15)


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_every_answer_and_its_log_lines_carry_one_id(notes: Notes) -> None:
    answer = notes.http.post("/notes", json="a note", headers={"X-Request-ID": "this-one"})
    assert (answer.json(), answer.headers["x-request-id"]) == (6, "this-one")

    def lines() -> list[dict[str, Any]]:
        return [line for line in notes.lines("request") if line["request_id"] == "this-one"]

    # The line is written after the answer.
    wait_until(lambda: bool(lines()), notes.output.read_text)
    [line] = lines()
    assert (line["service"], line["path"], line["status"]) == ("notes", "/notes", 200)


def test_all_lines_of_the_process_are_json_and_uvicorn_logs_no_second_line_a_request(notes: Notes) -> None:
    notes.http.get("/notes/none?token=hunter2")
    assert len(notes.lines("Application startup complete.")) == 1
    assert "hunter2" not in notes.output.read_text().replace("password=hunter2", "")


def test_an_unknown_path_is_a_problem_document(notes: Notes) -> None:
    assert_problem(notes.http.get("/nothing"), 404, "not_found")


def test_a_method_that_is_not_offered_is_a_problem_document(notes: Notes) -> None:
    assert_problem(notes.http.delete("/notes"), 405, "method_not_allowed")


def test_head_is_answered_and_named_where_get_is(notes: Notes) -> None:
    assert notes.http.head("/docs").status_code == 200
    assert notes.http.delete("/docs").headers["allow"] == "GET, HEAD"


def test_a_malformed_body_is_a_problem_document(notes: Notes) -> None:
    assert_problem(notes.http.post("/notes", json={"a": "note"}), 422, "invalid")


def test_a_body_above_the_limit_is_refused(notes: Notes) -> None:
    assert_problem(notes.http.post("/notes", json="x" * 2_048), 413, "too_large")
    assert notes.http.post("/notes", json="x" * 2_046).status_code == 200


def test_an_error_is_logged_whole_and_shows_nothing(notes: Notes) -> None:
    answer = notes.http.get("/broken")
    assert_problem(answer, 500, "internal_error")
    assert "hunter2" not in answer.text
    lines = [it for it in notes.lines("unhandled error") if it["request_id"] == answer.headers["x-request-id"]]
    assert ["password=hunter2" in line["exception"] for line in lines] == [True]


def test_the_documentation_page_needs_no_other_host(notes: Notes) -> None:
    page = notes.http.get("/docs")
    assert page.status_code == 200
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(parts) == 4
    assert "//" not in "".join(parts)
    assert [notes.http.get(part).status_code for part in parts] == [200] * 4
    assert "/notes" in notes.http.get("/openapi.json").json()["paths"]
    assert 'data-client-id="web"' in page.text


def test_pages_of_fastapi_are_gone(notes: Notes) -> None:
    assert_problem(notes.http.get("/redoc"), 404, "not_found")
    # Its own script stands in the page.
    assert "<script>" not in notes.http.get("/docs/oauth2-redirect").text


@pytest.mark.parametrize("notes", ["before protect", "after protect"], indirect=True)
def test_guards_work_in_either_order(notes: Notes) -> None:
    assert_problem(notes.http.get("/guarded"), 401, "unauthenticated")
    headers = notes.http.get("/token").json()
    assert notes.http.get("/guarded", headers=headers).json() == "read"


def test_an_app_is_installed_once() -> None:
    app = FastAPI()
    add_frame(app, 2_048)
    with pytest.raises(RuntimeError, match="already"):
        install(app, "notes")
    layers: list[Any] = app.user_middleware
    assert [layer.cls for layer in layers] == [OutermostMiddleware, UnhandledErrors, HotRoutes]


def test_importing_the_package_loads_no_database_and_no_server() -> None:
    unwanted = ("alembic", "asyncpg", "sqlalchemy", "uvicorn")
    code = f"import sys, watchword.service; print([name for name in {unwanted} if name in sys.modules])"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert outcome.stdout == "[]\n"
