"""The limit of registrations from one address, that of their letters, and the form of every limit."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from identity_service.accounts.schemas import Registration
from identity_service.limit_settings import LimitSettings
from tests.identity.answers import ensure_problem
from tests.identity.mailbox import all_sent, letters, token_in_letter
from tests.identity.test_hashing_queue import full
from tests.identity.test_limits import at
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
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
    assert (await register(limited, "ada")).status_code == 201
    ensure_problem(await register(limited, "admin"), 409, "username_reserved")  # costs nothing
    assert (await register(limited, "ada")).status_code == 409
    refused = await register(limited, "eve")
    ensure_problem(refused, 429, "too_many_requests")
    assert refused.headers["RateLimit-Policy"] == '"registration";q=2;w=7200'
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert (await register(at(limited, "192.0.2.1"), "eve")).status_code == 201


async def test_weak_password_counts_and_is_not_judged_beyond_the_limit(
    limited: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_strong, judged = limited.parts.passwords.ensure_strong, []

    async def counted(password: str, *arguments: Any) -> None:
        judged.append(password)
        await ensure_strong(password, *arguments)

    monkeypatch.setattr(limited.parts.passwords, "ensure_strong", counted)
    answers = [await register(limited, "ada", "password") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert len(judged) == 2


async def test_registration_that_finds_the_queue_full_does_not_count(clean_databases: Databases) -> None:
    limits: dict[str, Any] = {"hash_threads": 1, "hash_queue": 1, "limit_registration": "2/7200"}
    async with services.identity(clean_databases, **limits) as identity:
        assert (await register(identity, "eve")).status_code == 201
        async with full(identity.parts.passwords, 2):
            answers = [await register(identity, "ada") for _ in range(2)]
        for answer in answers:
            ensure_problem(answer, 503, "hashing_busy")
        assert (await register(identity, "ada")).status_code == 201


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


@pytest.fixture
async def verifying(clean_databases: Databases, tmp_path: Path) -> AsyncIterator[Identity]:
    """Addresses must be verified, and get two letters of a kind at first. The letters are in `tmp_path`."""
    settings: dict[str, Any] = {"email_verification": "required", "mail_folder": tmp_path}
    async with services.identity(clean_databases, limit_letters_account="2/7200", **settings) as identity:
        yield identity


async def sign_up(identity: Identity, username: str, email: str = "ada@example.com", password: str = PASSWORD) -> int:
    body = {"username": username, "email": email, "password": password}
    return (await identity.http.post("/users", json=body)).status_code


async def test_third_registration_of_an_address_sends_no_letter_and_the_link_before_verifies_its_account(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    other = "staple battery horse"
    for number, username in enumerate(("ada", "countess"), 1):
        assert await sign_up(verifying, username) == 202
        token = await token_in_letter(tmp_path, "ada@example.com", "/verify-email", number)
    assert await sign_up(verifying, "lovelace", password=other) == 202
    await all_sent(databases)
    assert len(letters(tmp_path, "ada@example.com")) == 2
    verified = await verifying.http.post(f"/email-verifications/{token}", json={"password": other})
    assert verified.status_code == 204
    await verifying.sign_in("lovelace", other)


async def test_letters_that_wait_while_an_address_is_registered_again_are_sent_for_the_later_account(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    verifying.parts.job_worker.stop()
    for username in ("ada", "countess"):
        assert await sign_up(verifying, username) == 202
    await verifying.http.post("/password-resets", json={"email": "ada@example.com"})
    assert await sign_up(verifying, "lovelace") == 202
    async with services.identity(databases, mail_folder=tmp_path) as identity:
        await all_sent(databases)
        for path in ("/verify-email", "/reset-password"):
            token = await token_in_letter(tmp_path, "ada@example.com", path)
            assert "lovelace" in (await identity.http.get(f"{path}/{token}")).text
    assert len(letters(tmp_path, "ada@example.com")) == 2


async def test_third_registration_of_a_taken_address_sends_no_letter_and_holds_its_name(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    draft = Registration(username="ada", email="ada@example.com", password=PASSWORD)
    await verifying.parts.registrations.create(draft)
    assert [await sign_up(verifying, f"mallory-{number}") for number in range(3)] == [202] * 3
    assert await sign_up(verifying, "mallory-1", "eve@example.com") == 202
    assert await sign_up(verifying, "mallory-2", "eve@example.com") == 409
    await all_sent(databases)
    assert len(letters(tmp_path, "ada@example.com")) == 2


async def test_registration_that_is_refused_uses_up_no_letter(
    verifying: Identity, databases: Databases, tmp_path: Path
) -> None:
    assert await sign_up(verifying, "eve", "eve@example.com") == 202
    assert [await sign_up(verifying, "eve") for _ in range(3)] == [409] * 3
    assert await sign_up(verifying, "ada") == 202
    await all_sent(databases)
    assert len(letters(tmp_path, "ada@example.com")) == 1


@pytest.mark.parametrize("text", ["10", "0/900", "10/0", "ten/900", "10/900/1", "10000000/1", "1/9999999", ""])
def test_limit_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="it must be"):
        LimitSettings(database_url="postgresql://localhost/x", issuer=IDENTITY_URL, limit_sign_in=text)
