"""The example `device_login.py`: a person signs it in, refuses it, or does nothing."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack
from tests.system.examples import EXAMPLES, paste, registration

COMMAND = [sys.executable, str(EXAMPLES / "device_login.py")]


@pytest.fixture(scope="module")
def client(running: Stack) -> str:
    """The client of the example, which the command in the README has made."""
    paste(registration("A login without a browser").replace("http://localhost:8001", running.identity), running)
    return "terminal"


@contextmanager
def program(running: Stack, client_id: str) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """The running program, and the link that it shows."""
    environment = {name: value for name, value in running.environment.items() if name != "PYTHONPATH"}
    command = [*COMMAND, running.identity, client_id]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdout=pipe, stderr=pipe) as process:
        try:
            assert process.stdout is not None
            first, second = process.stdout.readline(), process.stdout.readline()
            link = second.split()[-1]
            assert first.split()[1] == f"{running.identity}/device"
            assert re.search(r"[A-Z]{4}-[A-Z]{4}", first)
            yield process, link
        finally:
            process.kill()


async def sign_on(running: Stack, http: httpx.AsyncClient, username: str) -> None:
    form = {"login": username, "password": PASSWORD}
    answer = await http.post(f"{running.identity}/sign-in", data=form, headers={"Origin": running.identity})
    assert answer.status_code == 303, answer.text


async def decide(running: Stack, http: httpx.AsyncClient, link: str, choice: str, username: str) -> None:
    form = {"user_code": httpx.URL(link).params["user_code"], "choice": choice, "username": username}
    answer = await http.post(link, data=form, headers={"Origin": running.identity})
    assert answer.status_code == 303, answer.text


async def registered(running: Stack, http: httpx.AsyncClient) -> str:
    username = unique("ada")
    body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
    assert (await http.post(f"{running.identity}/users", json=body)).status_code == 201
    return username


async def test_a_program_is_signed_in_by_a_person_in_a_browser_or_says_that_it_was_refused(
    running: Stack, http: httpx.AsyncClient, client: str
) -> None:
    username = await registered(running, http)
    await sign_on(running, http, username)
    with program(running, client) as (allowed, link), program(running, client) as (denied, other_link):
        await decide(running, http, link, "allow", username)
        await decide(running, http, other_link, "deny", username)
        assert allowed.communicate(timeout=60) == (f"You are signed in as {username}.\n", "")
        assert denied.communicate(timeout=60) == ("", "You are not signed in: somebody has refused.\n")
    assert (allowed.returncode, denied.returncode) == (0, 1)


def test_a_client_that_identity_does_not_know_is_told_so(running: Stack) -> None:
    done = subprocess.run([*COMMAND, running.identity, "nobody"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, "401" in done.stderr) == (1, "", True)
