"""The extra `events`: a service in a clean environment obeys a logout that it has not been asked about."""

import json

import pytest

from tests.support.stack import Stack
from tests.system.conftest import NewPerson
from tests.system.examples import EXAMPLES, new_client, new_database, new_service
from tests.wheel.conftest import NewEnvironment
from tests.wheel.environments import Environment
from tests.wheel.readme import AUDIENCE, LOGOUT, program


@pytest.fixture(scope="module")
def environment(environment_with: NewEnvironment, running: Stack) -> Environment:
    environment = environment_with("events")
    environment.write("notes.py", program("Receive revocations", running.identity))
    environment.write("logout.py", LOGOUT)
    return environment


async def test_a_logout_is_obeyed(
    environment: Environment, running: Stack, person: NewPerson, capsys: pytest.CaptureFixture[str]
) -> None:
    new_service(running, AUDIENCE, "notes:read")
    database, secret = await new_database(running, "notes"), new_client(running, "notes")
    ada = await person("ada", AUDIENCE)
    tokens = (ada.tokens["access_token"], ada.identity_token)
    variables = {"NOTES_DATABASE_URL": database, "NOTES_CLIENT_SECRET": secret}
    outcome = json.loads(environment.run("logout.py", running.identity, *tokens, variables=variables))
    with capsys.disabled():
        print(f"\nThe logout was obeyed {outcome['seconds']:.3f} s after identity's answer.")  # noqa: T201
    assert outcome["statuses"] == [200, 204, 401]


def test_neither_a_server_nor_migrations_are_installed(environment: Environment) -> None:
    packages = environment.packages().keys()
    assert {"sqlalchemy", "asyncpg"} <= packages
    assert packages & {"uvicorn", "alembic", "prometheus-client", "pydantic-settings", "python-jose"} == set()


def test_the_program_and_both_examples_are_clean_in_strict_mode(environment: Environment) -> None:
    examples = [str(EXAMPLES / name) for name in ("course.py", "task_manager.py")]
    assert environment.check_types("notes.py", *examples) == "Success: no issues found in 3 source files\n"
