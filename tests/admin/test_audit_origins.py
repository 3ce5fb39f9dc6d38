"""An entry of the audit log says from which request and which address an act over HTTP came."""

from typing import Any

import httpx

from identity_service.administration import Administration
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

ENTRIES = "SELECT action, address, request_id FROM identity.audit_entries ORDER BY id"
NEW_PASSWORD = "staple trombone violin"


async def entries(databases: Databases) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await databases.fetch("identity_app", ENTRIES)]


async def test_own_act_of_a_person_has_its_request_and_their_address(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada") | {"X-Request-ID": "request-7"}
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = await identity.http.put("/users/me/password", json=body, headers=headers)
    assert answer.is_success, answer.text
    assert ("user.password_changed", "127.0.0.1", "request-7") in await entries(databases)


async def test_each_of_many_entries_of_one_act_has_its_request(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    for _ in range(2):
        await identity.sign_in("ada")
    answer = await identity.http.delete("/sessions", headers=headers)
    origin = "127.0.0.1", answer.headers["X-Request-ID"]
    ended = [entry for entry in await entries(databases) if entry[0] == "session.ended"]
    assert ended == [("session.ended", *origin)] * 2


async def test_address_is_the_one_that_the_trusted_proxy_has_seen(databases: Databases) -> None:
    await databases.empty("identity", "roles", "role_permissions")
    async with services.identity(databases, trusted_proxies="10.0.0.0/8") as identity:
        await identity.register("ada")
        headers = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
        transport = httpx.ASGITransport(identity.app, client=("10.0.0.9", 4711))
        async with httpx.AsyncClient(transport=transport, base_url=IDENTITY_URL) as http:
            headers["X-Forwarded-For"] = "203.0.113.9, 198.51.100.7"
            assert (await http.delete("/sessions/current", headers=headers)).status_code == 204
    assert [entry[:2] for entry in await entries(databases)] == [("session.ended", "198.51.100.7")]


async def test_command_has_neither_request_nor_address(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await Administration(identity.parts).set_active("ada", False)
    assert await entries(databases) == [("user.disabled", None, None)]
