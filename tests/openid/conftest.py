"""One process of identity, at which the programs of other people sign in."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.openid.plain_browser import PlainBrowser
from tests.support import tools
from tests.support.databases import migrated
from tests.support.ports import held_port
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack

HERE = Path(__file__).parent


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Identity alone: tokens for posts are issued without it."""
    home = tmp_path_factory.mktemp("openid")
    with migrated(home / "postgres") as databases:
        running = Stack(home, databases, IDENTITY_BCRYPT_ROUNDS="4")
        try:
            running.command("identity", "setup")
            running.start("identity")
            yield running
        finally:
            running.end()


@pytest.fixture
def home() -> Iterator[str]:
    """The URL of a client that may listen there."""
    with held_port() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def browser(running: Stack) -> AsyncIterator[PlainBrowser]:
    """The browser of a person who has an account, and is not signed in."""
    username = unique("ada")
    body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
    async with httpx.AsyncClient(base_url=running.identity, trust_env=False) as http:
        assert (await http.post("/users", json=body)).status_code == 201
    with ExitStack() as stack:
        browser = PlainBrowser(running.identity, username)
        stack.callback(browser.http.close)
        yield browser


@pytest.fixture(scope="session")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs in JavaScript, beside the packages that they use."""
    modules = tools.node_modules(".openid", "javascript")
    folder = tmp_path_factory.mktemp("javascript")
    for program in (HERE / "javascript").glob("*.mjs"):
        shutil.copy(program, folder)
    (folder / "node_modules").symlink_to(modules)
    return folder


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python with the packages that the programs in Python use."""
    return tools.python_tools(".openid") / "python"
