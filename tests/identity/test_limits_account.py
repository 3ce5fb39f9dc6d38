"""Limits of an account over all addresses, and of a browser that is known to the account."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from identity_service.authentication.password import AuthenticatedUser, PasswordCredentials
from identity_service.errors import InvalidCredentials
from tests.identity.answers import ensure_problem
from tests.identity.signing_on import ORIGIN, submit
from tests.identity.test_limits import WRONG, at, grant, statuses
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import PASSWORD, Identity
from tests.support.waiting import until
from watchword.limits import LimitReached
from watchword.service.callers import caller_address

__all__ = ["exact_counts"]

LIMITS: dict[str, Any] = {"limit_sign_in": "3/9000", "limit_sign_in_account": "5/9000"}
LOGINS = ("ada", "ada@example.com")


@pytest.fixture
async def limited(clean_databases: Databases) -> AsyncIterator[Identity]:
    async with services.identity(clean_databases, **LIMITS) as identity:
        yield identity


def device_of(identity: Identity, user_id: str, *logins: str) -> str:
    """The cookie of a browser in which this user has signed in."""
    cookie = identity.parts.sign_in_pages.cookies.device
    return f"{cookie.name}={cookie.devices.write(None, UUID(user_id), logins)}"


async def sign_in(identity: Identity, device: str, password: str = PASSWORD, username: str = "ada") -> httpx.Response:
    """The answer of the page to this password, from a browser with this cookie alone."""
    return await submit(identity, "/sign-in", {**ORIGIN, "Cookie": device}, login=username, password=password)


async def use_up(identity: Identity, username: str) -> list[httpx.Response]:
    """Wrong passwords for one account from six addresses."""
    return [await grant(at(identity, f"192.0.2.{number}"), username) for number in range(6)]


async def test_account_is_limited_over_all_addresses_and_so_is_a_name_that_nobody_has(limited: Identity) -> None:
    await limited.register("ada")
    known, unknown = await use_up(limited, "ada"), await use_up(limited, "eve")
    for answers in (known, unknown):
        assert [answer.status_code for answer in answers] == [400] * 5 + [429]
        assert answers[-1].headers["RateLimit-Policy"] == '"sign-in-account";q=5;w=9000'
    assert {**known[-1].json(), "request_id": None} == {**unknown[-1].json(), "request_id": None}
    # The right password from an address that has never failed is refused as well.
    ensure_problem(await grant(limited, "ada", PASSWORD), 429, "too_many_requests")


async def test_known_device_signs_in_by_each_of_its_names_when_the_account_is_used_up(limited: Identity) -> None:
    device = device_of(limited, await limited.register("ada"), *LOGINS)
    for login in LOGINS:
        assert [answer.status_code for answer in await use_up(limited, login)][-1] == 429
        assert await statuses(limited, login) == [429]
        assert (await sign_in(limited, device, username=login.upper())).status_code == 303


async def test_known_device_has_a_limit_of_its_own_and_uses_up_nothing_of_the_account(limited: Identity) -> None:
    user_id = await limited.register("ada")
    device, other = (device_of(limited, user_id, *LOGINS) for _ in range(2))
    for number in range(3):
        # From whatever address.
        assert (await sign_in(at(limited, f"192.0.2.{number}"), device, WRONG)).status_code == 422
    refused = await sign_in(limited, device)
    assert refused.status_code == 429
    assert refused.headers["RateLimit-Policy"] == '"sign-in-device";q=3;w=9000'
    assert (await sign_in(limited, other)).status_code == 303
    assert [answer.status_code for answer in await use_up(limited, "ada")] == [400] * 5 + [429]


@pytest.mark.parametrize("wrong", ["of eve", "damaged", "repeated"])
async def test_device_of_another_account_or_a_wrong_cookie_helps_nobody(limited: Identity, wrong: str) -> None:
    ada, eve = await limited.register("ada"), await limited.register("eve")
    device = device_of(limited, ada, *LOGINS)
    other = {
        "of eve": device_of(limited, eve, "eve", "eve@example.com"),
        "damaged": f"{device[:-6]}AAAA{device[-2:]}",
        "repeated": f"{device}; {device}",
    }[wrong]
    await use_up(limited, "ada")
    assert (await sign_in(limited, other)).status_code == 429
    assert (await sign_in(limited, other, username="eve")).status_code == 303


async def test_devices_of_an_account_have_a_limit_together_which_no_stranger_uses_up(limited: Identity) -> None:
    user_id = await limited.register("ada")
    devices = [device_of(limited, user_id, *LOGINS) for _ in range(6)]
    await use_up(limited, "ada")
    assert [(await sign_in(limited, device, WRONG)).status_code for device in devices] == [422] * 5 + [429]
    refused = await sign_in(limited, devices[0])
    assert refused.headers["RateLimit-Policy"] == '"sign-in-devices";q=5;w=9000'
    assert (await sign_in(limited, devices[0], username="ada@example.com")).status_code == 303


async def test_device_of_somebody_who_had_the_name_before_helps_nobody(limited: Identity) -> None:
    former_owner, _ = await limited.register("ada"), await limited.register("eve")
    device = device_of(limited, former_owner, "eve", "eve@example.com")
    for login in ("eve", "eve@example.com"):
        await use_up(limited, login)
        refused = await sign_in(limited, device, username=login)
        assert refused.status_code == 429
        assert refused.headers["RateLimit-Policy"] == '"sign-in-account";q=5;w=9000'


async def test_id_of_an_account_that_strangers_type_as_a_login_does_not_hold_its_owner_up(limited: Identity) -> None:
    headers = await limited.signed_in("ada")
    user_id = (await limited.http.get("/users/me", headers=headers)).json()["id"]
    for login in (user_id, f"ID {user_id}"):
        assert [answer.status_code for answer in await use_up(limited, login)] == [400] * 5 + [429]
    change = {"current_password": PASSWORD, "new_password": "staple battery horse"}
    assert (await limited.http.put("/users/me/password", json=change, headers=headers)).status_code == 204


async def test_cookie_signs_nobody_in(limited: Identity) -> None:
    device = device_of(limited, await limited.register("ada"), *LOGINS)
    assert (await sign_in(limited, device, WRONG)).status_code == 422
    assert (await limited.http.get("/sessions", headers={"Cookie": device})).status_code == 401


async def test_known_device_is_held_up_by_the_limit_of_its_address(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, limit_sign_in_address="2/9000") as identity:
        device = device_of(identity, await identity.register("ada"), *LOGINS)
        assert await statuses(identity, "eve", "mia") == [400, 400]
        refused = await sign_in(identity, device)
        assert refused.status_code == 429
        assert refused.headers["RateLimit-Policy"] == '"sign-in-address";q=2;w=9000'


async def test_attempt_that_a_full_queue_refuses_is_charged_to_the_address_only(clean_databases: Databases) -> None:
    settings = {**LIMITS, "limit_sign_in_address": "12/9000", "hash_threads": 1, "hash_queue": 1}
    async with services.identity(clean_databases, **settings) as identity:
        await identity.register("ada")
        queue, is_free = identity.parts.passwords.queue, threading.Event()
        busy = [asyncio.create_task(queue.run(is_free.wait, f"192.0.2.{number}")) for number in range(2)]
        await until(lambda: queue.jobs() == {"running": 1, "waiting": 1})
        assert [(await grant(identity, "ada")).status_code for _ in range(8)] == [503] * 8
        is_free.set()
        await asyncio.gather(*busy)
        assert await statuses(identity, *["ada"] * 4) == [400, 400, 400, 429]
        assert await statuses(identity, "eve", "eve") == [400, 429]


async def test_ten_thousand_wrong_passwords_cost_the_hashes_of_the_limit_and_hold_the_owner_up_nowhere_else(
    clean_databases: Databases,
) -> None:
    async with services.identity(clean_databases, limit_sign_in="10/900", limit_sign_in_account="100/3600") as identity:
        device = device_of(identity, await identity.register("ada"), *LOGINS)
        # One stranger with one address.
        assert await hashes_of_guesses(identity, "192.0.2.1", 10_000) == 10
        assert (await grant(at(identity, "198.51.100.1"), "ada", PASSWORD)).status_code == 200
        # And one with many, until the hundred of the hour are used up.
        costs = [await hashes_of_guesses(identity, f"192.0.2.{number}", 20) for number in range(2, 15)]
        assert sum(costs) == 100 - 10 - 1
        assert (await grant(at(identity, "198.51.100.1"), "ada", PASSWORD)).status_code == 429
        assert (await sign_in(at(identity, "198.51.100.1"), device)).status_code == 303
        assert (await sign_in(at(identity, "192.0.2.1"), device)).status_code == 303


async def hashes_of_guesses(identity: Identity, address: str, guesses: int) -> int:
    """How many passwords were hashed for so many guesses from one address."""
    queue, authentication = identity.parts.passwords.queue, identity.parts.authentication.password
    caller_address.set(address)
    before = queue.outcomes["accepted"]

    async def start(_: AuthenticatedUser) -> None:
        raise AssertionError("the password was wrong")

    for number in range(guesses):
        with pytest.raises((InvalidCredentials, LimitReached)):
            await authentication.authenticate(PasswordCredentials("ada", f"wrong {number}"), start)
    assert queue.outcomes["rejected"] == 0
    return queue.outcomes["accepted"] - before


async def test_two_replicas_share_the_account_and_each_counts_alone_while_the_table_is_locked(
    limited: Identity, databases: Databases
) -> None:
    async with services.identity(databases, **LIMITS) as other:
        for number, replica in enumerate([limited, other, limited, other, limited]):
            assert await statuses(at(replica, f"192.0.2.{number}"), "ada") == [400]
        assert await statuses(at(other, "192.0.2.6"), "ada") == [429]
        owner = await asyncpg.connect(databases.url("identity_owner"))
        async with owner.transaction():
            await owner.execute("LOCK TABLE identity.allowances IN ACCESS EXCLUSIVE MODE")
            for replica in (limited, other):
                assert [answer.status_code for answer in await use_up(replica, "eve")] == [400] * 5 + [429]
                assert replica.parts.limits.limiter.counts_alone
        await owner.close()
