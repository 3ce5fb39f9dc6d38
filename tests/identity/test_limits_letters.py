"""Limits of letters: requests from one address, and letters of one kind for one account."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.identity.answers import ensure_problem
from tests.identity.mailbox import letters
from tests.identity.test_limits import at
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import PASSWORD, Identity
from tests.support.waiting import until

__all__ = ["exact_counts"]

ADA = "ada@example.com"
RESETS = "/password-resets"
VERIFICATIONS = "/email-verifications"
WAITING = "SELECT FROM identity.jobs WHERE kind = 'letter'"


@pytest.fixture
async def mailing(clean_databases: Databases, tmp_path: Path) -> AsyncIterator[Identity]:
    """The service, whose letters are in `tmp_path`."""
    limits: dict[str, Any] = {"limit_letters_address": "4/9000", "limit_letters_account": "2/9000"}
    async with services.identity(clean_databases, mail_folder=tmp_path, **limits) as identity:
        yield identity


@pytest.fixture
async def sent(mailing: Identity, databases: Databases, tmp_path: Path) -> "Sent":
    await mailing.register("ada")
    return Sent(databases, tmp_path)


class Sent:
    """How many letters of a subject are in the folder, once no job is left."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self._databases = databases
        self._folder = folder

    async def count(self, subject: str, to: str = ADA) -> int:
        async def is_done() -> bool:
            return not await self._databases.fetch("identity_app", WAITING)

        await until(is_done)
        return len(letters(self._folder, to, subject))


async def ask(identity: Identity, path: str, email: str = ADA) -> httpx.Response:
    return await identity.http.post(path, json={"email": email})


@pytest.mark.parametrize("path", [RESETS, VERIFICATIONS])
async def test_fifth_request_from_an_address_is_refused(mailing: Identity, path: str) -> None:
    for number in range(4):
        assert (await ask(mailing, path, f"user{number}@example.com")).status_code == 202
    refused = await ask(mailing, path, "ada@example.com")
    ensure_problem(refused, 429, "too_many_requests")
    assert refused.headers["RateLimit-Policy"] == '"letters-address";q=4;w=9000'
    assert (await ask(at(mailing, "192.0.2.1"), path)).status_code == 202


async def test_third_letter_for_an_account_is_not_sent_and_the_answer_does_not_tell(
    mailing: Identity, sent: Sent
) -> None:
    known = [await ask(at(mailing, f"192.0.2.{number}"), RESETS, ADA.upper()) for number in range(4)]
    unknown = [await ask(at(mailing, f"192.0.2.{number}"), RESETS, "nobody@example.com") for number in range(4)]
    answers = {(answer.status_code, answer.content) for answer in (*known, *unknown)}
    assert answers == {(202, b"")}
    assert await sent.count("password") == 2


async def test_letters_that_nobody_gets_do_not_hold_up_those_of_another_kind(mailing: Identity, sent: Sent) -> None:
    for number in range(4):
        await ask(at(mailing, f"192.0.2.{number}"), VERIFICATIONS)
    await ask(mailing, RESETS)
    assert await sent.count("password") == 1


async def test_changes_of_address_send_letters_within_the_limits(mailing: Identity, sent: Sent) -> None:
    headers = await signed_in(mailing)
    body = {"current_password": PASSWORD, "email": "ada@example.org"}
    for status in (202, 202, 202, 202, 429):
        answer = await mailing.http.post("/users/me/email", json=body, headers=headers)
        assert answer.status_code == status
    assert await sent.count("", "ada@example.org") == 2


async def test_page_has_the_limit_of_the_api(mailing: Identity) -> None:
    for _ in range(4):
        await ask(mailing, RESETS)
    form = {"email": ADA}
    refused = await mailing.http.post("/forgot-password", data=form, headers={"Origin": services.IDENTITY_URL})
    assert refused.status_code == 429
    assert "text/html" in refused.headers["Content-Type"]


async def signed_in(identity: Identity) -> dict[str, str]:
    tokens = await identity.sign_in("ada", resource=services.IDENTITY_URL)
    return services.bearer(tokens["access_token"])
