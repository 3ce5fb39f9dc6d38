"""The example `course.py`: its walk-through, and what it refuses."""

import importlib
from collections.abc import Iterator

import httpx
import pytest

from tests.support.services import PASSWORD
from tests.support.stack import Stack
from tests.system.conftest import NewPerson
from tests.system.examples import EXAMPLES, blocks, free_url, paste, registration, served


@pytest.fixture(scope="module")
def course(running: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the running example."""
    log = tmp_path_factory.mktemp("course") / "log"
    with free_url() as url:
        register = registration("A course project").replace("http://localhost:8004", url)
        paste(register, running)
        variables = {"COURSE_ISSUER": running.identity, "COURSE_AUDIENCE": url}
        with served("course:app", url, EXAMPLES, running, log, **variables):
            yield url


def test_the_walk_through_can_be_pasted(course: str, running: Stack) -> None:
    commands = "".join(blocks((EXAMPLES / "README.md").read_text(), "A course project", "bash"))
    commands = commands.replace("http://localhost:8001", running.identity).replace("http://localhost:8004", course)
    printed = paste(commands, running)
    assert '{"message":"Welcome, everybody."}' in printed
    assert '"username":"mary","roles":["user"],"permissions":[]' in printed
    assert '{"message":"Welcome, mary.","users":1}' in printed
    assert '"username":"mary","roles":["admin","user"]' in printed


async def test_a_profile_says_what_identity_says(course: str, http: httpx.AsyncClient, person: NewPerson) -> None:
    ada = await person("ada", course)
    me = (await http.get(f"{ada.stack.identity}/users/me", headers=ada.identity_headers)).json()
    profile = (await http.get(f"{course}/profile", headers=ada.headers)).json()
    assert profile == {"id": me["id"], "username": ada.username, "roles": ["user"], "permissions": []}


async def test_a_login_gives_a_token_for_this_service(course: str, http: httpx.AsyncClient, person: NewPerson) -> None:
    ada = await person("ada", course)
    answer = await http.post(f"{course}/login", json={"username": ada.username, "password": PASSWORD})
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await http.get(f"{course}/profile", headers=headers)).json()["username"] == ada.username


async def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(
    course: str, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada = await person("ada", course)
    answers = [
        await http.post(f"{course}/login", json={"username": username, "password": "a wrong password"})
        for username in (ada.username, "nobody")
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "wrong_credentials")] * 2
    assert all("a wrong password" not in answer.text for answer in answers)


async def test_dashboard_and_list_are_for_administrators(
    course: str, running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, mia = await person("ada", course), await person("mia", course)
    await http.get(f"{course}/profile", headers=ada.headers)
    for path in ("dashboard", "users"):
        assert (await http.get(f"{course}/{path}")).status_code == 401
        refused = await http.get(f"{course}/{path}", headers=mia.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    running.command("identity", "users", "set-roles", mia.username, "user", "admin")
    await mia.refresh()
    users = (await http.get(f"{course}/users", headers=mia.headers)).json()
    assert ada.username in [user["username"] for user in users]
    assert (await http.get(f"{course}/dashboard", headers=mia.headers)).status_code == 200


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<p>Welcome</p>"),
        (200, "[]"),
        (200, "{}"),
        (400, "<p>Bad request</p>"),
        (400, '{"error": "invalid_target"}'),
    ],
)
async def test_an_unusable_answer_of_the_issuer_is_neither_a_wrong_password_nor_a_fault_of_the_course(
    monkeypatch: pytest.MonkeyPatch, status: int, body: str
) -> None:
    monkeypatch.setenv("COURSE_ISSUER", "http://localhost:8001")
    monkeypatch.setenv("COURSE_AUDIENCE", "http://localhost:8004")
    course = importlib.import_module("examples.course")
    issuer = httpx.MockTransport(lambda _: httpx.Response(status, text=body))
    async with httpx.AsyncClient(transport=issuer) as http:
        handler = course.AuthHandler(course.verifier, http)
        with pytest.raises(course.LoginUnavailable):
            await handler.login(course.Credentials(username="ada", password=PASSWORD))
