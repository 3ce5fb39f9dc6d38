"""Limits of sign-ins: for an account from one address, and for an address."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.identity.answers import ensure_problem
from tests.support import services
from tests.support.databases import Databases
from tests.support.documented import documented
from tests.support.limits import exact_counts
from tests.support.metrics import scrape
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

__all__ = ["exact_counts"]

LIMITS: dict[str, Any] = {
    "limit_sign_in": "3/9000",
    "limit_sign_in_account": "100/9000",
    "limit_sign_in_address": "8/9000",
}
WRONG = "wrong"


@pytest.fixture
async def limited(clean_databases: Databases) -> AsyncIterator[Identity]:
    async with services.identity(clean_databases, **LIMITS) as identity:
        yield identity


def at(identity: Identity, address: str) -> Identity:
    """The same service, called from this address."""
    transport, check = httpx.ASGITransport(identity.app, client=(address, 4711)), documented(identity.app).check
    http = httpx.AsyncClient(transport=transport, base_url=IDENTITY_URL, event_hooks={"response": [check]})
    return Identity(identity.parts, identity.app, http)


async def grant(identity: Identity, username: str, password: str = WRONG) -> httpx.Response:
    return await identity.token(grant_type="password", username=username, password=password)


async def statuses(identity: Identity, *usernames: str) -> list[int]:
    return [(await grant(identity, username)).status_code for username in usernames]


async def test_fourth_attempt_is_refused_and_the_answer_says_until_when(limited: Identity) -> None:
    await limited.register("ada")
    assert await statuses(limited, "ada", "ada") == [400, 400]
    assert (await grant(limited, "ada", PASSWORD)).status_code == 200
    refused = await grant(limited, "ada", PASSWORD)
    ensure_problem(refused, 429, "too_many_requests")
    wait = refused.headers["Retry-After"]
    assert 0 < int(wait) <= 3000
    assert refused.headers["RateLimit-Policy"] == '"sign-in";q=3;w=9000'
    assert refused.headers["RateLimit"] == f'"sign-in";r=0;t={wait}'


async def test_account_and_name_that_nobody_has_are_refused_alike(limited: Identity) -> None:
    await limited.register("ada")
    known = [await grant(limited, name) for name in ("ada", "ADA", "Ada", "aDa")]
    unknown = [await grant(limited, name) for name in ("eve", "EVE", "Eve", "eVe")]
    assert [answer.status_code for answer in known] == [answer.status_code for answer in unknown] == [400] * 3 + [429]
    texts = [{**answer.json(), "request_id": None} for answer in (known[-1], unknown[-1])]
    assert texts[0] == texts[1]
    assert known[-1].headers["RateLimit-Policy"] == unknown[-1].headers["RateLimit-Policy"]


async def test_name_and_address_of_an_account_have_a_limit_each_so_that_none_tells_they_belong_together(
    limited: Identity,
) -> None:
    await limited.register("ada")
    assert await statuses(limited, "ada", "Ada", "ADA", "ada") == [400, 400, 400, 429]
    assert await statuses(limited, "ada@example.com", "eve@example.com") == [400, 400]


async def test_spellings_of_a_login_that_the_database_takes_for_one_share_a_limit(limited: Identity) -> None:
    assert await statuses(limited, "ivan@example.com", "İvan@example.com", "IVAN@example.com", "ivan@example.com") == [
        *[400] * 3,
        429,
    ]


async def test_owner_signs_in_from_another_address_while_one_is_refused(limited: Identity) -> None:
    await limited.register("ada")
    stranger = at(limited, "192.0.2.66")
    assert await statuses(stranger, *["ada"] * 4) == [400, 400, 400, 429]
    await at(limited, "198.51.100.1").sign_in("ada")
    assert (await grant(stranger, "ada", PASSWORD)).status_code == 429


async def test_address_is_limited_whatever_the_accounts(limited: Identity) -> None:
    await limited.register("ada")
    stranger = at(limited, "192.0.2.66")
    assert await statuses(stranger, *(f"user{number}" for number in range(8))) == [400] * 8
    refused = await grant(stranger, "ada", PASSWORD)
    ensure_problem(refused, 429, "too_many_requests")
    assert refused.headers["RateLimit-Policy"] == '"sign-in-address";q=8;w=9000'
    await limited.sign_in("ada")


async def test_burst_of_wrong_passwords_costs_the_hashes_of_the_limit(
    limited: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    await limited.register("ada")
    verify, verified = limited.parts.passwords.verify, []

    async def counted(password: str, *arguments: Any, **named: Any) -> Any:
        verified.append(password)
        return await verify(password, *arguments, **named)

    monkeypatch.setattr(limited.parts.passwords, "verify", counted)
    answers = await asyncio.gather(*(grant(limited, "ada", f"wrong {number}") for number in range(60)))
    assert sorted(answer.status_code for answer in answers) == [400] * 3 + [429] * 57
    assert len(verified) == 3


async def test_two_processes_share_the_counts(limited: Identity, databases: Databases) -> None:
    await limited.register("ada")
    async with services.identity(databases, **LIMITS) as other:
        assert await statuses(limited, "ada", "ada") == [400, 400]
        assert await statuses(other, "ada", "ada") == [400, 429]
        assert await statuses(limited, "ada") == [429]


async def test_change_of_password_is_limited_as_a_sign_in_is(limited: Identity) -> None:
    headers = await limited.signed_in("ada")
    body = {"current_password": "wrong", "new_password": "staple trombone violin"}
    for status in (403, 403, 403, 429):
        answer = await limited.http.put("/users/me/password", json=body, headers=headers)
        assert answer.status_code == status


async def test_request_to_change_the_address_is_limited_as_a_sign_in_is(limited: Identity) -> None:
    await limited.register("ada")
    tokens = await limited.sign_in("ada", resource=IDENTITY_URL)
    body = {"current_password": "wrong", "email": "ada@example.org"}
    for status in (403, 403, 403, 429):
        answer = await limited.http.post("/users/me/email", json=body, headers=bearer(tokens["access_token"]))
        assert answer.status_code == status
    # A refresh proves no password.
    assert (await limited.refresh(tokens["refresh_token"])).status_code == 200


async def test_refusals_are_counted_by_limit_and_as_sign_ins(limited: Identity) -> None:
    await limited.register("ada")
    assert await statuses(limited, *["ada"] * 5) == [400, 400, 400, 429, 429]
    metrics = await scrape(limited.http)
    names = ("sign-in", "sign-in-address", "registration")
    assert [metrics("watchword_limit_refusals_total", limit=name) for name in names] == [2, 0, 0]
    assert metrics("watchword_sign_ins_total", outcome="limited") == 2


async def test_table_has_neither_names_nor_addresses_and_clean_up_deletes_what_is_over(
    limited: Identity, databases: Databases
) -> None:
    assert await statuses(limited, "ada") == [400]
    rows = await databases.fetch("identity_owner", "SELECT key FROM identity.allowances")
    assert [len(row["key"]) for row in rows] == [16, 16, 16]
    await databases.execute(
        "identity_owner", "UPDATE identity.allowances SET free_at = now() WHERE key = $1", rows[0][0]
    )
    deleted = await limited.parts.cleanup.delete_expired(limited.parts.clock.now())
    assert deleted.rows["allowances"] == 1
    left = await databases.fetch("identity_owner", "SELECT key FROM identity.allowances")
    assert [row["key"] for row in left] == [row["key"] for row in rows[1:]]
