"""A deleted client leaves no session and no stream, and services accept no token of a session that it had."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import httpx
import pytest

from identity_service.administration import Administration
from identity_service.clients.grant_types import GrantType
from identity_service.installation import OWN_CLIENTS
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.registry import client_deletion
from tests.admin.answers import refusal_of
from tests.admin.audit import entries_of
from tests.admin.client_requests import make_application, make_client
from tests.identity.obeying import ObeyingService
from tests.identity.receivers import STREAMS, Receiver
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until

Headers = dict[str, str]

LEFT = """
    SELECT (SELECT count(*) FROM identity.sessions WHERE client_id = $1) AS sessions,
        (SELECT count(*) FROM identity.streams WHERE client_id = $1) AS streams,
        (SELECT count(*) FROM identity.jobs WHERE kind = 'logout') AS logouts
"""
LOGOUT_URI = "UPDATE identity.clients SET backchannel_logout_uri = 'https://app.example/logout' WHERE id = 'app'"


WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"

Request = Callable[[Identity], Coroutine[Any, Any, httpx.Response]]


async def sign_in(identity: Identity) -> httpx.Response:
    return await identity.token(grant_type="password", username="ada", password=PASSWORD, client_id="app")


async def device_authorization(identity: Identity) -> httpx.Response:
    return await identity.http.post("/oauth/device_authorization", data={"client_id": "app"})


async def is_anybody_waiting(connection: asyncpg.Connection) -> bool:
    return bool(await connection.fetchval(WAITING))


async def sign_everybody_in(identity: Identity, *names: str) -> list[dict[str, Any]]:
    for name in names:
        await identity.register(name)
    return [await identity.sign_in(name, client_id="app") for name in names for _ in range(2)]


async def test_tokens_of_a_deleted_client_are_refused_and_no_others(
    identity: Identity, grace: Headers, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_deletion, "ENDED_AT_ONCE", 3)
    await make_application(identity, "app")
    await databases.execute("identity_owner", LOGOUT_URI)
    tokens = await sign_everybody_in(identity, "ada", "mary", "barbara")
    other = (await identity.sign_in("ada"))["access_token"]
    posts = await ObeyingService.of(identity)
    await posts.receive()
    assert all([await posts.accepts(token["access_token"]) for token in tokens])
    assert (await identity.http.delete("/admin/clients/app", headers=grace)).status_code == 204
    await posts.receive()
    assert [await posts.accepts(token["access_token"]) for token in tokens] == [False] * len(tokens)
    assert await posts.accepts(other)
    refreshed = await identity.refresh(tokens[0]["refresh_token"], client_id="app")
    assert refreshed.json()["error"] == "invalid_client"
    assert [tuple(row) for row in await databases.fetch("identity_app", LEFT, "app")] == [(0, 0, 0)]
    ((subject, _, before, after),) = await entries_of(databases, "client.deleted")
    assert (subject, before["scopes"], after) == ("app", ["posts:write"], None)
    assert refusal_of(await identity.http.delete("/admin/clients/app", headers=grace)) == (404, "client_not_found")


async def test_deleted_receiver_has_no_stream(identity: Identity, grace: Headers, databases: Databases) -> None:
    await make_client(identity, "feeds", "a-secret", scopes=["ssf.read", "ssf.manage"])
    form = {"grant_type": "client_credentials", "client_id": "feeds", "client_secret": "a-secret"}
    receiver = Receiver(identity.http, bearer((await identity.token(**form)).json()["access_token"]))
    await receiver.create()
    await identity.register("ada")
    await Administration(identity.parts).set_active("ada", False)
    assert await receiver.kinds()
    assert (await identity.http.delete("/admin/clients/feeds", headers=grace)).status_code == 204
    assert [tuple(row) for row in await databases.fetch("identity_app", LEFT, "feeds")] == [(0, 0, 0)]
    assert (await receiver.poll()).status_code == 404
    again = await receiver.request("POST", STREAMS, {})
    assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")


async def test_deletion_that_was_cut_off_is_finished_by_another_one(
    identity: Identity, grace: Headers, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_application(identity, "app")
    (tokens, _) = await sign_everybody_in(identity, "ada")

    async def cut_off(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(client_deletion.ClientDeletion, "_delete_rows", cut_off)
        with pytest.raises(ConnectionResetError):
            await identity.parts.admin.client_deletion.delete("app", BY_COMMAND_LINE, lambda _: None)
    refused = await identity.refresh(tokens["refresh_token"], client_id="app")
    assert refused.status_code == 400
    assert (await identity.http.delete("/admin/clients/app", headers=grace)).status_code == 204
    assert [tuple(row) for row in await databases.fetch("identity_app", LEFT, "app")] == [(0, 0, 0)]
    ((subject, _, before, _),) = await entries_of(databases, "client.deleted")
    assert (subject, before["grants"]) == ("app", ["password", "refresh_token"])


@pytest.mark.parametrize("client_id", OWN_CLIENTS)
async def test_client_of_every_installation_stays(identity: Identity, grace: Headers, client_id: str) -> None:
    answer = await identity.http.delete(f"/admin/clients/{client_id}", headers=grace)
    assert refusal_of(answer) == (409, "client_needed")


async def test_service_goes_on_without_its_client(identity: Identity, grace: Headers) -> None:
    await make_client(identity, "notes")
    body = {"audience": "https://notes.example", "name": "Notes", "client_id": "notes"}
    path = (await identity.http.post("/admin/services", json=body, headers=grace)).headers["Location"]
    assert (await identity.http.delete("/admin/clients/notes", headers=grace)).status_code == 204
    assert (await identity.http.get(path, headers=grace)).json()["client_id"] is None
    assert IDENTITY_URL in (await identity.http.get("/admin/services", headers=grace)).text


@pytest.mark.parametrize("request_of", [sign_in, device_authorization])
async def test_request_of_a_client_that_is_deleted_at_that_moment_is_refused_as_one_of_no_client(
    identity: Identity, databases: Databases, request_of: Request
) -> None:
    await make_application(identity, "app", grants=[GrantType.DEVICE_CODE, GrantType.PASSWORD])
    await identity.register("ada")
    owner = await asyncpg.connect(databases.url("identity_owner"))
    try:
        async with owner.transaction():
            await owner.execute("DELETE FROM identity.clients WHERE id = 'app'")
            request = asyncio.create_task(request_of(identity))
            await until(lambda: is_anybody_waiting(owner))
        answer = await request
    finally:
        await owner.close()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
