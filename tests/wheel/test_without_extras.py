"""The wheel alone: it installs little, and ten lines guard a route against a running identity."""

import json
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack
from tests.system.conftest import NewPerson
from tests.system.examples import EXAMPLES, new_client, new_service
from tests.wheel.conftest import NewEnvironment
from tests.wheel.environments import Environment
from tests.wheel.readme import AUDIENCE, LOGOUT, lines, program

# Serves the app in this process, without a server, and prints what it answers to each of the tokens.
CALLS = """
import asyncio, json, sys
import httpx
from notes import app

async def main(tokens):
    answers = []
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=transport, base_url="http://notes.example") as client:
            for token in tokens:
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                answer = await client.get("/notes", headers=headers)
                answers.append([answer.status_code, answer.json()])
    print(json.dumps(answers))

asyncio.run(main(json.loads(sys.argv[1])))
"""

# Public packages that need no extra.
PACKAGES = "auth", "clock", "errors", "events", "http", "http_client", "observability", "pages"
CLIENT = "memory-notes"


@pytest.fixture(scope="module")
def environment(environment_with: NewEnvironment, running: Stack) -> Environment:
    environment = environment_with()
    environment.write("notes.py", program("Guard a route", running.identity))
    environment.write("calls.py", CALLS)
    obedient = program("Receive revocations without a database", running.identity)
    environment.write("obedient.py", obedient.replace('client_id="notes"', f'client_id="{CLIENT}"'))
    environment.write("logout.py", LOGOUT.replace("from notes import", "from obedient import"))
    return environment


def test_no_database_no_server_and_no_python_jose_is_installed(environment: Environment) -> None:
    packages = environment.packages()
    assert {"watchword", "fastapi", "httpx", "orjson", "cryptography"} <= packages.keys()
    unwanted = {"sqlalchemy", "asyncpg", "alembic", "uvicorn", "python-jose", "ecdsa", "prometheus-client", "pytest"}
    assert packages.keys() & unwanted == set()
    assert len(packages) < 30, sorted(packages)


def test_every_package_that_needs_no_extra_can_be_imported(environment: Environment) -> None:
    environment.run("-c", "import " + ", ".join(f"watchword.{name}" for name in PACKAGES))


async def test_ten_lines_guard_a_route_against_a_running_identity(
    environment: Environment, running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    assert len(lines(program("Guard a route"))) <= 10
    new_service(running, AUDIENCE, "notes:read", "notes:write")
    ada = await person("ada", AUDIENCE)
    me = (await http.get(f"{running.identity}/users/me", headers=ada.identity_headers)).json()
    other = await token_with(http, running, ada.username, scope="notes:write", resource=AUDIENCE)
    tokens = [ada.tokens["access_token"], None, "not-a-token", other]
    answers = json.loads(environment.run("calls.py", json.dumps(tokens)))
    assert [status for status, _ in answers] == [200, 401, 401, 403]
    assert answers[0][1] == {"notes_of": me["id"]}
    assert [body.get("code") for _, body in answers[1:]] == ["unauthenticated", "unauthenticated", "insufficient_scope"]


async def test_without_a_database_a_logout_is_obeyed(
    environment: Environment, running: Stack, person: NewPerson, capsys: pytest.CaptureFixture[str]
) -> None:
    new_service(running, AUDIENCE, "notes:read")
    secret, ada = new_client(running, CLIENT), await person("ada", AUDIENCE)
    tokens = (ada.tokens["access_token"], ada.identity_token)
    variables = {"NOTES_CLIENT_SECRET": secret}
    outcome = json.loads(environment.run("logout.py", running.identity, *tokens, variables=variables))
    with capsys.disabled():
        print(f"\nThe logout was obeyed {outcome['seconds']:.3f} s after identity's answer.")  # noqa: T201
    assert outcome["statuses"] == [200, 204, 401]


def test_both_programs_and_the_example_without_a_database_are_clean_in_strict_mode(environment: Environment) -> None:
    programs = "notes.py", "obedient.py", str(EXAMPLES / "live_notes.py")
    assert environment.check_types(*programs) == "Success: no issues found in 3 source files\n"


async def token_with(http: httpx.AsyncClient, running: Stack, username: str, **form: Any) -> str:
    """An access token of this user, with other form fields than usual."""
    body = {"grant_type": "password", "username": username, "password": "correct horse battery", **form}
    answer = await http.post(f"{running.identity}/oauth/token", data=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])
