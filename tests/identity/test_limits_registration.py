"""The limit of registrations from one address, and the form of every limit."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import ValidationError

from identity_service.accounts.schemas import Registration
from identity_service.limit_settings import LimitSettings
from tests.identity.answers import ensure_problem
from tests.identity.test_limits import at, exact_counts
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity

__all__ = ["exact_counts"]


@pytest.fixture
async def limited(clean_databases: Databases) -> AsyncIterator[Identity]:
    async with services.identity(clean_databases, limit_registration="2/7200") as identity:
        yield identity


async def register(identity: Identity, username: str, password: str = PASSWORD) -> httpx.Response:
    body = {"username": username, "email": f"{username}@example.com", "password": password}
    return await identity.http.post("/users", json=body)


async def test_third_registration_from_an_address_is_refused(limited: Identity) -> None:
    # A taken name costs a hash too. A weak password costs none.
    assert (await register(limited, "ada")).status_code == 201
    assert (await register(limited, "eve", "password")).status_code == 422
    assert (await register(limited, "ada")).status_code == 409
    refused = await register(limited, "eve")
    ensure_problem(refused, 429, "too_many_requests")
    assert refused.headers["RateLimit-Policy"] == '"registration";q=2;w=7200'
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert (await register(at(limited, "192.0.2.1"), "eve")).status_code == 201


async def test_page_and_api_share_the_limit(limited: Identity) -> None:
    assert (await register(limited, "ada")).status_code == 201
    form = {"email": "eve@example.com", "password": PASSWORD}
    for username, status in (("eve", 303), ("mia", 429)):
        answer = await limited.http.post(
            "/sign-up", data={"username": username, **form}, headers={"Origin": IDENTITY_URL}
        )
        assert answer.status_code == status
    assert "text/html" in answer.headers["Content-Type"]
    assert answer.headers["RateLimit-Policy"] == '"registration";q=2;w=7200'


async def test_command_line_has_no_limit(limited: Identity) -> None:
    for number in range(4):
        registration = Registration(username=f"user{number}", email=f"user{number}@example.com", password=PASSWORD)
        await limited.parts.registrations.create(registration)


@pytest.mark.parametrize("text", ["10", "0/900", "10/0", "ten/900", "10/900/1", "10000000/1", "1/9999999", ""])
def test_limit_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="it must be"):
        LimitSettings(database_url="postgresql://localhost/x", issuer=IDENTITY_URL, limit_sign_in=text)
