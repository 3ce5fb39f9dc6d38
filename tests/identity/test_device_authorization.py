"""POST /oauth/device_authorization: the codes of a device (RFC 8628 sections 3.1 and 3.2)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from identity_service.clients.grant_types import GrantType
from identity_service.device_grants import service
from identity_service.device_grants.user_codes import ALPHABET, make_user_code
from tests.identity.answers import ensure_oauth_error, ensure_problem
from tests.identity.device_flow import TELEVISION, Television, register_client, request_codes, switched_on
from tests.identity.test_limits import at
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, Identity
from watchword.testing import StandingClock

__all__ = ["exact_counts"]

ROWS = "SELECT * FROM identity.device_grants"


async def test_a_device_gets_a_code_for_itself_and_one_for_a_person(identity: Identity, databases: Databases) -> None:
    await register_client(identity)
    answer = await request_codes(identity)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    codes = answer.json()
    shown = codes["user_code"]
    assert (len(shown), shown[4], set(shown.replace("-", "")) <= set(ALPHABET)) == (9, "-", True)
    assert codes | {"device_code": "", "user_code": ""} == {
        "device_code": "",
        "user_code": "",
        "verification_uri": f"{IDENTITY_URL}/device",
        "verification_uri_complete": f"{IDENTITY_URL}/device?user_code={shown}",
        "expires_in": 600,
        "interval": 5,
    }
    # Neither code can be read from the table.
    (row,) = await databases.fetch("identity_app", ROWS)
    assert [code.encode() in row.values() for code in (codes["device_code"], shown, shown.replace("-", ""))] == [
        False
    ] * 3
    assert (row["client_id"], row["device"], row["address"]) == (TELEVISION, "notes-tv/1.0", "127.0.0.1")


async def test_user_codes_have_no_letters_that_look_alike_and_differ(identity: Identity) -> None:
    assert set(ALPHABET).isdisjoint("AEIOUY0123456789")
    assert len({make_user_code() for _ in range(1_000)}) == 1_000


async def test_a_user_code_that_another_device_shows_is_made_anew(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register_client(identity)
    codes = iter(["BCDFGHJK", "BCDFGHJK", "BCDFGHJK", "LMNPQRST"])
    monkeypatch.setattr(service, "make_user_code", lambda: next(codes))
    assert [(await switched_on(identity)).user_code for _ in range(2)] == ["BCDF-GHJK", "LMNP-QRST"]


async def test_a_confidential_client_authenticates_as_at_the_token_endpoint(identity: Identity) -> None:
    await register_client(identity, secret=POSTS_SECRET)
    assert (await request_codes(identity, client_secret=POSTS_SECRET)).status_code == 200
    for wrong in ({}, {"client_secret": "wrong"}):
        ensure_oauth_error(await request_codes(identity, **wrong), "invalid_client", 401)
    ensure_oauth_error(await request_codes(identity, "nobody"), "invalid_client", 401)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown scope": ({"scope": "posts:write nonsense"}, "invalid_scope"),
    "a scope of another client": ({"scope": "ssf.read"}, "invalid_scope"),
    "no scope of the resource": ({"scope": "posts:write", "resource": IDENTITY_URL}, "invalid_scope"),
    "an unknown resource": ({"resource": "https://elsewhere.example"}, "invalid_target"),
    "two resources": ({"resource": [IDENTITY_URL, POSTS_URL]}, "invalid_target"),
    "a repeated parameter": ({"scope": ["account", "account"]}, "invalid_request"),
}


async def test_a_request_that_could_not_end_in_tokens_is_refused_at_once(
    identity: Identity, databases: Databases
) -> None:
    await register_client(identity)
    for name, (form, error) in REFUSED.items():
        answer = await request_codes(identity, **form)
        assert answer.json().get("error") == error, name
        ensure_oauth_error(answer, error)
    assert await databases.fetch("identity_app", ROWS) == []


async def test_a_client_without_the_grant_type_gets_no_codes(identity: Identity) -> None:
    ensure_oauth_error(await request_codes(identity, "web"), "unauthorized_client")
    await register_client(identity)
    television = await switched_on(identity)
    await register_client(identity, grants=("password",))
    ensure_oauth_error(await television.poll(), "unauthorized_client")


async def test_the_metadata_names_the_endpoint_and_the_grant_type(identity: Identity) -> None:
    metadata = (await identity.http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["device_authorization_endpoint"] == f"{IDENTITY_URL}/oauth/device_authorization"
    assert GrantType.DEVICE_CODE in metadata["grant_types_supported"]


@pytest.fixture
async def limited(clean_databases: Databases) -> AsyncIterator[Identity]:
    limits: dict[str, Any] = {"limit_device_address": "2/9000", "limit_device_client": "3/9000"}
    async with services.identity(clean_databases, **limits) as identity:
        yield identity


async def test_one_address_and_one_client_start_few_device_grants(limited: Identity, databases: Databases) -> None:
    for client_id in (TELEVISION, "other-tv"):
        await register_client(limited, client_id)
    elsewhere, anywhere = at(limited, "192.0.2.1"), at(limited, "192.0.2.2")
    callers = [limited, limited, limited, elsewhere, elsewhere]
    assert [(await request_codes(one)).status_code for one in callers] == [200, 200, 429, 200, 429]
    ensure_problem(await request_codes(anywhere), 429, "too_many_requests")
    # Another client has its own, and who is refused leaves no row.
    assert (await request_codes(anywhere, "other-tv")).status_code == 200
    assert len(await databases.fetch("identity_app", ROWS)) == 4


async def test_device_grants_are_deleted_an_hour_after_they_expired(
    identity_at: Identity, clock: StandingClock, databases: Databases
) -> None:
    await register_client(identity_at)
    television: Television = await switched_on(identity_at)
    clock.advance(minutes=69)
    await identity_at.parts.cleanup.delete_expired(clock.now())
    assert await television.error() == "expired_token"
    clock.advance(minutes=2)
    deleted = await identity_at.parts.cleanup.delete_expired(clock.now())
    assert deleted.rows["device_grants"] == 1
    assert await television.error() == "invalid_grant"
    assert await databases.fetch("identity_app", ROWS) == []
