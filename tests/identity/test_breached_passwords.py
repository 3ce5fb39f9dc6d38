"""Passwords that are known from a breach are refused when they are set; the service learns five digits of a digest."""

from collections.abc import AsyncIterator
from hashlib import sha1

import httpx
import pytest
from pydantic import ValidationError

from identity_service.password_settings import PasswordSettings
from identity_service.users import breached
from identity_service.users.breached import MAX_BYTES
from tests.identity.answers import ensure_problem
from tests.identity.ranges import RangeService, range_service
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

OTHER = "staple trombone violin"
DIGEST = sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.fixture
async def ranges() -> AsyncIterator[RangeService]:
    async with range_service() as service:
        yield service


@pytest.fixture
async def checking(clean_databases: Databases, ranges: RangeService) -> AsyncIterator[Identity]:
    async with services.identity(clean_databases, breached_passwords_url=ranges.url) as identity:
        yield identity


@pytest.fixture
async def strict(clean_databases: Databases, ranges: RangeService) -> AsyncIterator[Identity]:
    """A service that refuses what it cannot check."""
    url = ranges.url
    async with services.identity(
        clean_databases, breached_passwords_url=url, breached_passwords_failure="refuse"
    ) as identity:
        yield identity


async def register(identity: Identity, password: str = PASSWORD) -> httpx.Response:
    body = {"username": "ada", "email": "ada@example.com", "password": password}
    return await identity.http.post("/users", json=body)


def flaw(response: httpx.Response) -> tuple[str, str]:
    assert response.status_code == 422
    [error] = response.json()["errors"]
    return error["pointer"], error["code"]


async def test_breached_password_is_refused_at_registration(checking: Identity, ranges: RangeService) -> None:
    ranges.add(PASSWORD)
    assert flaw(await register(checking)) == ("/body/password", "breached_password")
    assert (await register(checking, OTHER)).status_code == 201


async def test_breached_password_is_refused_at_a_change_and_not_at_a_sign_in(
    checking: Identity, ranges: RangeService
) -> None:
    headers = await checking.signed_in("ada")
    ranges.add(PASSWORD)
    ranges.add(OTHER)
    change = {"current_password": PASSWORD, "new_password": OTHER}
    refused = await checking.http.put("/users/me/password", json=change, headers=headers)
    assert flaw(refused) == ("/body/new_password", "breached_password")
    await checking.sign_in("ada")


async def test_service_learns_five_digits_and_asks_for_padding(checking: Identity, ranges: RangeService) -> None:
    assert (await register(checking)).status_code == 201
    [request] = ranges.requests
    assert request.startswith(f"GET /range/{DIGEST[:5]} HTTP/1.1\r\n")
    assert "add-padding: true" in request.lower()
    assert DIGEST[5:] not in request.upper()
    assert "x-request-id" not in request.lower()


async def test_padding_is_no_breach(checking: Identity, ranges: RangeService) -> None:
    ranges.add(PASSWORD, count=0)
    assert (await register(checking)).status_code == 201


async def test_lower_case_digest_is_found(checking: Identity, ranges: RangeService) -> None:
    ranges.body = f"{DIGEST[5:].lower()}:2\n".encode()
    assert flaw(await register(checking)) == ("/body/password", "breached_password")


@pytest.mark.parametrize("body", [b"x" * (MAX_BYTES + 1), b"\xff\xfe"], ids=["too long", "no text"])
async def test_password_is_accepted_if_the_answer_is_unusable(
    checking: Identity, ranges: RangeService, body: bytes
) -> None:
    ranges.body = body
    assert (await register(checking)).status_code == 201
    assert checking.parts.passwords.breach_checks["failed"] == 1


async def test_silent_service_is_given_up(
    checking: Identity, ranges: RangeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breached, "SECONDS", 0.2)
    ranges.is_silent = True
    assert (await register(checking)).status_code == 201


async def test_password_is_refused_for_the_time_being_if_the_policy_says_so(
    strict: Identity, ranges: RangeService
) -> None:
    ranges.status = "503 Service Unavailable"
    ensure_problem(await register(strict), 503, "breach_check_unavailable")
    ranges.status = "200 OK"
    assert (await register(strict)).status_code == 201


@pytest.mark.parametrize(
    "url", ["http://ranges.example/range", "ranges.example", "https://ranges.example/?q=1", "ftp://x"]
)
def test_url_of_the_service_is_https(url: str) -> None:
    with pytest.raises(ValidationError):
        PasswordSettings.__pydantic_validator__.validate_assignment(
            PasswordSettings.model_construct(), "breached_passwords_url", url
        )


def test_nobody_is_asked_by_default() -> None:
    assert PasswordSettings.model_fields["breached_passwords_url"].default is None


async def test_page_says_that_a_password_is_breached(checking: Identity, ranges: RangeService) -> None:
    ranges.add(PASSWORD)
    headers = {"Origin": services.IDENTITY_URL, "Sec-Fetch-Site": "same-origin"}
    form = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    answer = await checking.http.post("/sign-up", data=form, headers=headers)
    assert answer.status_code == 422
    assert "known from a breach" in answer.text
