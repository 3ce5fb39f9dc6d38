"""A signing key has leaked: it is withdrawn, and no process of any service accepts what it signs."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from identity_service.keys.keyring import LEASE_SECONDS
from identity_service.keys.sealing import Sealer
from identity_service.keys.signing import Signer
from tests.identity.answers import claims_of, header_of
from tests.support.person import Person
from tests.support.processes import standing_still
from tests.support.services import bearer, unique
from tests.support.stack import Stack, stack
from tests.support.waiting import until

KEY = "SELECT kid, sealed_private_key FROM identity.signing_keys WHERE kid = $1"
CONNECTIONS = 12


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Both services with the usual lifetimes: posts would fetch the keys again only after two minutes."""
    with stack(tmp_path_factory.mktemp("leaked"), IDENTITY_BCRYPT_ROUNDS="4", POSTS_WORKERS="2") as running:
        yield running


async def leaked_key(running: Stack, person: Person) -> Signer:
    """The private key that has signed this person's tokens."""
    kid = header_of(person.tokens["access_token"])["kid"]
    (row,) = await running.databases.fetch("identity_owner", KEY, kid)
    sealer = Sealer(running.environment["IDENTITY_KEY_ENCRYPTION_KEY"])
    return Signer(kid, sealer.unseal(kid, row["sealed_private_key"]))


def forged(key: Signer, person: Person, **claims: Any) -> str:
    """A token for posts that identity has never signed, of a session that never was."""
    now = int(time.time())
    invented = {"iat": now, "exp": now + 600, "jti": unique("jti"), "sid": unique("sid"), **claims}
    return key.sign({**claims_of(person.tokens["access_token"]), **invented}, "at+jwt")


async def status_of(running: Stack, access_token: str) -> int:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.get(f"{running.posts}/posts?state=draft", headers=bearer(access_token))
        return answer.status_code


async def statuses_of(running: Stack, access_token: str) -> set[int]:
    """What connections of their own are answered, which reach every worker of posts."""
    return set(await asyncio.gather(*(status_of(running, access_token) for _ in range(CONNECTIONS))))


async def test_what_a_leaked_key_has_signed_is_refused_by_every_worker_of_posts(
    running: Stack, http: httpx.AsyncClient
) -> None:
    ada = await Person(http, running, unique("ada")).register()
    key = await leaked_key(running, ada)
    forgery = forged(key, ada, permissions=["post:edit_any"])
    assert await statuses_of(running, forgery) == {200}
    said = running.command("identity", "keys", "withdraw", "--", key.kid)
    assert "Sessions that must sign in again: 1." in said

    async def is_refused() -> bool:
        return await statuses_of(running, forgery) == {401}

    await until(is_refused)
    assert await statuses_of(running, ada.tokens["access_token"]) == {401}
    assert await statuses_of(running, forged(key, ada)) == {401}
    await ada.sign_in()

    async def publishes() -> bool:
        # 503 until posts fetches the keys again, which no unknown key makes it do more often than each five seconds.
        answer = await ada.publish()
        assert answer.status_code in (201, 503), answer.text
        return answer.status_code == 201

    await until(publishes)


async def test_identity_that_has_stood_still_refuses_a_key_that_was_withdrawn_meanwhile(
    running: Stack, http: httpx.AsyncClient
) -> None:
    ada = await Person(http, running, unique("ada")).register()
    kid = header_of(ada.identity_token)["kid"]
    url = f"{running.identity}/users/me"
    assert (await http.get(url, headers=ada.identity_headers)).status_code == 200
    identity = running.child("identity").process.pid
    with standing_still(identity) as began:
        await asyncio.to_thread(running.command, "identity", "keys", "withdraw", "--", kid)
        first = asyncio.create_task(http.get(url, headers=ada.identity_headers))
        # The fault lasts for longer than a copy of the keys is trusted.
        await until(lambda: time.monotonic() - began > LEASE_SECONDS)
    assert (await first).status_code == 401
