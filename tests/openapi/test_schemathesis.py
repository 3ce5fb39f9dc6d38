"""Schemathesis: requests made from the documents, right ones and wrong ones, as somebody and as a stranger.

Every answer is one that the document has. What it finds and is right all the same is in schemathesis.toml.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.openapi.conftest import run
from tests.support.person import Person
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS
from watchword.http_client.tls import ssl_context

HERE = Path(__file__).parent
CONFIGURATION = (HERE / "schemathesis.toml").read_text()
SECONDS = 600.0
CLIENT = "schemathesis"


@pytest.fixture(scope="module")
def client_secret(running: Stack) -> str:
    """The secret of a service that may do everything that services may at identity."""
    rights = [f"--scope={scope}" for scope in ("ssf.manage", "ssf.read", "introspect")]
    making = ["clients", "create", CLIENT, "--grant=client_credentials", *rights, f"--audience={running.identity}"]
    return running.command("identity", *making).strip().rpartition(" ")[2]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=ssl_context(), timeout=PATIENCE_SECONDS, trust_env=False) as http:
        yield http


class Schemathesis:
    """Runs Schemathesis as one person against one service of a stack; a finding fails the test."""

    def __init__(self, program: Path, folder: Path, stack: Stack, client_secret: str) -> None:
        self._program = program
        self._folder = folder
        self._stack = stack
        self._client_secret = client_secret

    def run(self, caller: Person, address: str, *options: str, parameters: str = "") -> None:
        """`parameters` are lines of the configuration, with values that requests are to have."""
        configuration = self._folder / "schemathesis.toml"
        configuration.write_text(f"{CONFIGURATION}\n[parameters]\n{parameters}\n")
        document = f"{address}/openapi.json"
        run(
            [self._program, "--config-file", configuration, "run", document, "--checks", "all", "--no-color", *options],
            self._folder,
            seconds=SECONDS,
            PYTHONPATH=str(HERE),
            SCHEMATHESIS_HOOKS="schemathesis_hooks",
            IDENTITY=self._stack.identity,
            AUDIENCE=address,
            CALLER=caller.username,
            PASSWORD=PASSWORD,
            CLIENT=CLIENT,
            CLIENT_SECRET=self._client_secret,
        )


@pytest.fixture
def schemathesis(python_tools: Path, tmp_path: Path, running: Stack, client_secret: str) -> Schemathesis:
    return Schemathesis(python_tools / "schemathesis", tmp_path, running, client_secret)


@pytest.mark.parametrize("service", ["identity", "posts"])
async def test_every_answer_is_one_that_the_document_has(
    schemathesis: Schemathesis, running: Stack, http: httpx.AsyncClient, service: str
) -> None:
    caller = await Person(http, running, unique("ada")).register()
    schemathesis.run(caller, running.identity if service == "identity" else running.posts)


@pytest.mark.parametrize("state", ["published", "draft"])
async def test_whatever_a_stranger_sends_another_persons_post_stays_as_it_is(
    schemathesis: Schemathesis, running: Stack, http: httpx.AsyncClient, state: str
) -> None:
    ada, eve = [await Person(http, running, unique(word)).register() for word in ("ada", "eve")]
    url = f"{running.posts}{(await ada.publish(state=state)).headers['Location']}"
    before = (await http.get(url, headers=ada.headers)).json()
    only = "--include-operation-id=posts_edit", "--include-operation-id=posts_delete", "--phases=examples,coverage"
    schemathesis.run(eve, running.posts, *only, parameters=f'post_id = "{before["id"]}"')
    assert (await http.get(url, headers=ada.headers)).json() == before


async def test_whatever_a_stranger_sends_another_persons_session_lives_on(
    schemathesis: Schemathesis, running: Stack, http: httpx.AsyncClient
) -> None:
    ada, eve = [await Person(http, running, unique(word)).register() for word in ("ada", "eve")]
    [session] = (await http.get(f"{running.identity}/sessions", headers=ada.identity_headers)).json()
    only = "--include-operation-id=sessions_end", "--phases=examples,coverage"
    schemathesis.run(eve, running.identity, *only, parameters=f'session_id = "{session["id"]}"')
    [after] = (await http.get(f"{running.identity}/sessions", headers=ada.identity_headers)).json()
    assert after["id"] == session["id"]
