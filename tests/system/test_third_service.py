"""The example `task_manager.py`: users have their own tasks, and a logout is obeyed there too."""

import ast
from collections.abc import Iterator

import httpx
import pytest

from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.waiting import until
from tests.system.conftest import NewPerson
from tests.system.examples import EXAMPLES, blocks, free_url, new_database, paste, registration, served

EXAMPLE = EXAMPLES / "task_manager.py"


@pytest.fixture(scope="module")
async def database(running: Stack) -> str:
    return await new_database(running, "tasks")


@pytest.fixture(scope="module")
def tasks(running: Stack, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the running example."""
    log = tmp_path_factory.mktemp("tasks") / "log"
    with free_url() as url:
        register = registration("A task manager").replace("http://localhost:8005", url)
        printed = paste(register.replace("http://localhost:8001", running.identity), running)
        variables = {
            "TASKS_DATABASE_URL": database,
            "TASKS_ISSUER": running.identity,
            "TASKS_AUDIENCE": url,
            "TASKS_CLIENT_SECRET": printed.split("Secret, shown only now: ")[1].split()[0],
        }
        with served("task_manager:app", url, EXAMPLES, running, log, **variables):
            yield f"{url}/tasks"


@pytest.fixture
def person(running: Stack, tasks: str, http: httpx.AsyncClient) -> NewPerson:
    """A function that registers a person, whose tokens are for the example."""

    async def make(word: str = "ada", audience: str | None = None) -> Person:
        return await Person(http, running, unique(word), audience or tasks.removesuffix("/tasks")).register()

    return make


async def add(tasks: str, ada: Person, title: str = "Weave") -> str:
    """The id of a new task."""
    made = await ada.http.post(tasks, json={"title": title}, headers=ada.headers)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def titles(url: str, ada: Person) -> list[str]:
    listed = await ada.http.get(url, headers=ada.headers)
    assert listed.status_code == 200, listed.text
    return [task["title"] for task in listed.json()]


def test_the_walk_through_can_be_pasted(tasks: str, running: Stack) -> None:
    commands = "".join(blocks((EXAMPLES / "README.md").read_text(), "A task manager", "bash"))
    own = tasks.removesuffix("/tasks")
    commands = commands.replace("http://localhost:8001", running.identity).replace("http://localhost:8005", own)
    printed = paste(commands, running, pause_until_refused=f'-H "Authorization: Bearer $TOM" {tasks}')
    assert '"title":"Water the plants","description":"Both rooms","completed":true' in printed


async def test_everybody_sees_their_own_tasks(tasks: str, person: NewPerson) -> None:
    ada, eve = await person("ada"), await person("eve")
    await add(tasks, ada, "Weave")
    await add(tasks, ada, "Compute")
    assert (await titles(tasks, ada), await titles(tasks, eve)) == (["Compute", "Weave"], [])


async def test_a_task_is_deleted_by_its_owner_or_an_administrator_and_by_no_stranger(
    tasks: str, running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, eve, mia = await person("ada"), await person("eve"), await person("mia")
    running.command("identity", "users", "set-roles", mia.username, "user", "admin")
    await mia.refresh()
    first, second = await add(tasks, ada), await add(tasks, ada)
    for task, somebody, status in ((first, eve, 404), (first, ada, 204), (first, ada, 404), (second, mia, 204)):
        answer = await http.delete(f"{tasks}/{task}", headers=somebody.headers)
        assert answer.status_code == status, answer.text
    assert await titles(tasks, ada) == []


async def test_a_task_is_changed_by_its_owner_and_by_nobody_else(
    tasks: str, running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, eve, mia = await person("ada"), await person("eve"), await person("mia")
    running.command("identity", "users", "set-roles", mia.username, "user", "admin")
    await mia.refresh()
    url = f"{tasks}/{await add(tasks, ada)}"
    changed = await http.patch(url, json={"completed": True}, headers=ada.headers)
    assert (changed.json()["title"], changed.json()["completed"]) == ("Weave", True)
    for somebody in (eve, mia):
        assert (await http.patch(url, json={"completed": False}, headers=somebody.headers)).status_code == 404
    listed = await http.get(tasks, headers=ada.headers)
    assert [task["completed"] for task in listed.json()] == [True]


@pytest.mark.parametrize("changes", [{"title": None}, {"completed": None}, {"owner_id": "x"}, {"completed": "maybe"}])
async def test_a_change_that_is_not_valid_is_refused(tasks: str, person: NewPerson, changes: dict[str, object]) -> None:
    ada = await person("ada")
    answer = await ada.http.patch(f"{tasks}/{await add(tasks, ada)}", json=changes, headers=ada.headers)
    assert answer.status_code == 422


async def test_an_administrator_sees_all_tasks_and_nobody_else_does(
    tasks: str, running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, mia = await person("ada"), await person("mia")
    await add(tasks, ada, ada.username)
    refused = await http.get(f"{tasks}/all", headers=mia.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    running.command("identity", "users", "set-roles", mia.username, "user", "admin")
    await mia.refresh()
    assert ada.username in await titles(f"{tasks}/all", mia)


async def test_nothing_is_done_without_a_valid_token_or_in_the_name_of_another_user(
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
    other = await Person(http, running, ada.username, ada.audience).sign_in()
    await add(tasks, ada)
    await ada.sign_out()

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
