"""The extra `service`: one call gives any app logs, request ids and a documentation page."""

import json

import pytest

from tests.wheel.conftest import NewEnvironment
from tests.wheel.environments import Environment
from tests.wheel.readme import program

# Serves the app in this process; no issuer is running. The last line that it prints is not a log line.
CALLS = """
import asyncio, json
import httpx
from main import app

async def main():
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=transport, base_url="http://notes.example") as client:
            page, refused = await client.get("/docs"), await client.get("/notes")
    kinds = [answer.headers["content-type"].partition(";")[0] for answer in (page, refused)]
    same_id = refused.headers["x-request-id"] == refused.json()["request_id"]
    print(json.dumps([page.status_code, refused.status_code, *kinds, same_id]))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def environment(environment_with: NewEnvironment) -> Environment:
    environment = environment_with("service")
    environment.write("notes.py", program("Guard a route"))
    environment.write("main.py", program("Add logs, request ids and a documentation page"))
    environment.write("calls.py", CALLS)
    return environment


def test_one_call_gives_a_documentation_page_problem_documents_and_request_ids(environment: Environment) -> None:
    outcome = json.loads(environment.run("calls.py").splitlines()[-1])
    assert outcome == [200, 401, "text/html", "application/problem+json", True]


def test_every_refusal_is_logged_as_a_line_of_json(environment: Environment) -> None:
    lines = [json.loads(line) for line in environment.run("calls.py").splitlines()[:-1]]
    assert {line["service"] for line in lines} == {"notes"}


def test_python_jose_is_not_installed_and_the_program_is_clean_in_strict_mode(environment: Environment) -> None:
    assert environment.packages().keys() & {"python-jose", "ecdsa"} == set()
    assert environment.check_types("notes.py", "main.py") == "Success: no issues found in 2 source files\n"
