"""The example in `examples/` beside the others: what is yours is yours there too, and a logout is obeyed."""

import ast
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.local.processes import any_free_port, end_children, start_child
from tests.support.person import Person
from tests.support.stack import Stack, await_answer
from tests.support.waiting import until
from tests.system.conftest import NewPerson

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "task_manager.py"


async def database_url(running: Stack) -> str:
    """A database and a role of its own."""
    server, password = running.databases.server, secrets.token_hex(8)
    server.ensure_database("tasks")
    superuser = await asyncpg.connect(server.superuser_url("tasks"))
    await superuser.execute(f"CREATE ROLE tasks LOGIN PASSWORD '{password}'; ALTER DATABASE tasks OWNER TO tasks")
    await superuser.close()
    return f"postgresql://tasks:{password}@127.0.0.1:{server.port}/tasks"


def client_secret(running: Stack) -> str:
    """A client that may receive events; the first-party client may ask for tokens for the service."""
    grant, scopes = ("--grant", "client_credentials"), ("--scope", "ssf.read", "--scope", "ssf.manage")
    made = running.command("identity", "create-client", "tasks", *grant, *scopes, "--audience", running.identity)
    return made.strip().rpartition(" ")[2]


@pytest.fixture(scope="module")
async def database(running: Stack) -> str:
    return await database_url(running)


@pytest.fixture(scope="module")
def tasks(running: Stack, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the running example."""
    url = f"http://localhost:{any_free_port()}"
    running.command("identity", "extend-client", "web", "--scope", "tasks", "--audience", url)
    environment = {
        "PYTHONPATH": str(ROOT),
        "TASKS_DATABASE_URL": database,
        "TASKS_ISSUER": running.identity,
        "TASKS_AUDIENCE": url,
        "TASKS_CLIENT_SECRET": client_secret(running),
    }
    command = [sys.executable, "-m", "uvicorn", "examples.task_manager:app", "--port", url.rpartition(":")[2]]
    log = tmp_path_factory.mktemp("tasks") / "log"
    child = start_child("tasks", command, log, environment={**running.environment, **environment})
    try:
        await_answer(child, f"{url}/openapi.json")
        yield f"{url}/tasks"
    finally:
        end_children([child])


async def add(tasks: str, ada: Person, title: str = "Weave") -> str:
    """The id of a new task."""
    made = await ada.http.post(tasks, json={"title": title}, headers=ada.headers)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def titles(url: str, ada: Person) -> list[str]:
    listed = await ada.http.get(url, headers=ada.headers)
    assert listed.status_code == 200, listed.text
    return [task["title"] for task in listed.json()]


async def test_everybody_sees_their_own_tasks(tasks: str, person: NewPerson) -> None:
    ada, eve = await person("ada"), await person("eve")
    await add(tasks, ada, "Weave")
    await add(tasks, ada, "Compute")
    assert (await titles(tasks, ada), await titles(tasks, eve)) == (["Compute", "Weave"], [])


async def test_a_task_is_deleted_by_its_owner_or_an_administrator_and_by_no_stranger(
    tasks: str, running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, eve, mia = await person("ada"), await person("eve"), await person("mia")
    running.command("identity", "set-roles", mia.username, "user", "admin")
    await mia.refresh()
    first, second = await add(tasks, ada), await add(tasks, ada)
    for task, somebody, status in ((first, eve, 404), (first, ada, 204), (first, ada, 404), (second, mia, 204)):
        answer = await http.delete(f"{tasks}/{task}", headers=somebody.headers)
        assert answer.status_code == status, answer.text
    assert await titles(tasks, ada) == []


async def test_an_administrator_sees_all_tasks_and_nobody_else_does(
    tasks: str, running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, mia = await person("ada"), await person("mia")
    await add(tasks, ada, ada.username)
    refused = await http.get(f"{tasks}/all", headers=mia.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    running.command("identity", "set-roles", mia.username, "user", "admin")
    await mia.refresh()
    assert ada.username in await titles(f"{tasks}/all", mia)


async def test_nothing_is_done_without_a_good_token_or_with_somebody_elses_name(
    tasks: str, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person("ada")
    for method, url in (("GET", tasks), ("POST", tasks), ("GET", f"{tasks}/all"), ("DELETE", f"{tasks}/x")):
        assert (await http.request(method, url)).status_code == 401
    forged = {"title": "Mine", "owner_id": "018f0000-0000-7000-8000-000000000000"}
    assert (await http.post(tasks, json=forged, headers=ada.headers)).status_code == 422


async def test_a_logout_is_obeyed_there_too(
    tasks: str, running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person("ada")
    other = await Person(http, running, ada.username).sign_in()
    await add(tasks, ada)
    ended = await http.delete(f"{running.identity}/sessions/current", headers=ada.headers)
    assert ended.status_code == 204

    async def is_refused() -> bool:
        return (await http.get(tasks, headers=ada.headers)).status_code == 401

    await until(is_refused)
    assert await titles(tasks, other) == ["Weave"]


def test_the_wiring_takes_no_more_than_fifteen_lines() -> None:
    source = EXAMPLE.read_text()
    wired = [node for node in ast.parse(source).body if not isinstance(node, ast.ImportFrom | ast.Import)]
    last = next(node.lineno for node in wired if ast.unparse(node).startswith("protect("))
    first = next(node.lineno for node in wired if isinstance(node, ast.Assign))
    lines = source.splitlines()[first - 1 : last]
    assert len([line for line in lines if line.strip()]) <= 15
