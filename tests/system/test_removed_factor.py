"""A second factor is removed at identity, and a service that asks for one closes what needs it, and nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
import pytest

from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.waiting import until
from tests.system.code_flow import BrowserPerson, new_application
from tests.system.examples import free_url, new_client, new_database, new_service, served
from tests.system.vault_service import VAULT

NEEDS = 'acr_values="mfa", max_age="3600"'
WEAKER = ["event: signed-out", 'data: {"code":"insufficient_user_authentication"}', ""]


class Vault(NamedTuple):
    """The running service, and the client with which people get tokens for it."""

    url: str
    client_id: str


@pytest.fixture(scope="module", params=["memory", "postgresql"])
async def vault(
    request: pytest.FixtureRequest, running: Stack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Vault]:
    """It keeps what is revoked in its memory, or in a database of its own."""
    folder = tmp_path_factory.mktemp("vault")
    (folder / "vault.py").write_text(VAULT)
    with free_url() as url:
        scope, receiver = f"vault:read-{request.param}", unique("vault")
        new_service(running, url, scope)
        variables = {"VAULT_ISSUER": running.identity, "VAULT_AUDIENCE": url, "VAULT_SCOPE": scope}
        variables["VAULT_CLIENT"] = receiver
        variables["VAULT_SECRET"] = new_client(running, receiver)
        if request.param == "postgresql":
            variables["VAULT_DATABASE_URL"] = await new_database(running, "vault")
        client_id = new_application(running, url, scope)
        with served("vault:app", url, folder, running, folder / "log", **variables):
            yield Vault(url, client_id)
        # Acts of other tests would otherwise wait for a receiver that is gone.
        running.command("identity", "clients", "delete", receiver)


@pytest.fixture
async def ada(running: Stack, http: httpx.AsyncClient, vault: Vault) -> BrowserPerson:
    ada = BrowserPerson(http, running, vault.client_id, vault.url)
    await ada.register()
    await ada.authorize()
    return ada


async def status(http: httpx.AsyncClient, url: str, ada: BrowserPerson) -> int:
    """What the service answers; a 401 must be the challenge that asks for a stronger sign-in."""
    answer = await http.get(url, headers=ada.headers)
    assert (answer.status_code == 401) == (NEEDS in answer.headers.get("WWW-Authenticate", "")), answer.text
    return answer.status_code


async def rest_of_stream(http: httpx.AsyncClient, url: str, ada: BrowserPerson, is_open: asyncio.Event) -> list[str]:
    """The last event of the stream."""
    lines: list[str] = []
    async with http.stream("GET", url, headers=ada.headers) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            lines.append(line)
            is_open.set()
    return lines[-3:]


async def test_removal_of_the_last_factor_closes_what_needs_two_and_nothing_else(
    vault: Vault, http: httpx.AsyncClient, ada: BrowserPerson, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await status(http, f"{vault.url}/hall", ada), await status(http, f"{vault.url}/vault", ada)) == (200, 401)
    await ada.add_app()
    await ada.authorize()
    assert (await status(http, f"{vault.url}/hall", ada), await status(http, f"{vault.url}/vault", ada)) == (200, 200)
    is_open = asyncio.Event()
    stream = asyncio.create_task(rest_of_stream(http, f"{vault.url}/vault/live", ada, is_open))
    await until(lambda: is_open.is_set() or stream.done())
    since = time.monotonic()
    await ada.remove_app()

    async def is_closed() -> bool:
        """While the other route goes on."""
        assert await status(http, f"{vault.url}/hall", ada) == 200
        return await status(http, f"{vault.url}/vault", ada) == 401

    await until(is_closed)
    seconds = time.monotonic() - since
    assert await stream == WEAKER
    assert await status(http, f"{vault.url}/hall", ada) == 200
    await ada.refresh()
    assert (await status(http, f"{vault.url}/hall", ada), await status(http, f"{vault.url}/vault", ada)) == (200, 401)
    with capsys.disabled():
        print(f"\nClosed {seconds:.3f} s after the request that removed the last factor.")  # noqa: T201


async def test_factor_that_is_added_again_opens_it_for_new_tokens(
    vault: Vault, http: httpx.AsyncClient, ada: BrowserPerson
) -> None:
    await ada.add_app()
    await ada.authorize()
    await ada.remove_app()
    await ada.add_app()
    await ada.authorize()
    assert await status(http, f"{vault.url}/vault", ada) == 200
