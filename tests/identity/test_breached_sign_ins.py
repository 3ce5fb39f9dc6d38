"""The password of a sign-in is looked up afterwards; if it is known from a breach, its owner learns of it once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from identity_service.accounts.schemas import Registration
from identity_service.authentication import breach_checks
from tests.identity.mailbox import all_sent, letters, tables_with
from tests.identity.ranges import RangeService, range_service
from tests.identity.signing_in import issue_initial_password
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until
from watchword.testing import StandingClock

ADA = "ada@example.com"
OTHER = "staple trombone violin"
DIGEST = sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()
USER = "SELECT password_checked_at, password_breached_at FROM identity.users WHERE username = 'ada'"


@pytest.fixture
async def ranges() -> AsyncIterator[RangeService]:
    async with range_service() as service:
        yield service


@pytest.fixture
async def checking(
    clean_databases: Databases, clock: StandingClock, ranges: RangeService, tmp_path: Path
) -> AsyncIterator[Identity]:
    """A service with letters that looks passwords up, and the account of Ada, whose password was never looked up."""
    settings = {"breached_passwords_url": ranges.url, "mail_folder": tmp_path}
    async with services.identity(clean_databases, clock=clock, **settings) as identity:
        await account(identity, "ada", PASSWORD)
        yield identity


async def account(identity: Identity, username: str, password: str) -> None:
    draft = Registration(username=username, email=f"{username}@example.com", password=password)
    await identity.parts.registrations.create(draft)


async def user(databases: Databases) -> tuple[Any, Any]:
    [row] = await databases.fetch("identity_app", USER)
    return row["password_checked_at"], row["password_breached_at"]


async def done(identity: Identity, number: int) -> dict[str, int]:
    """What so many look-ups of sign-ins came to, once they have ended."""
    outcomes = identity.parts.authentication.breach_checks.outcomes
    await until(lambda: sum(outcomes.values()) >= number)
    return {outcome: count for outcome, count in outcomes.items() if count}


def look_ups() -> list[asyncio.Task[Any]]:
    """Those that are under way."""
    return [task for task in asyncio.all_tasks() if "BreachChecks" in repr(task)]


async def test_owner_of_a_breached_password_signs_in_and_is_told_once(
    checking: Identity, ranges: RangeService, databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    ranges.add(PASSWORD)
    ranges.requests.clear()
    for day in range(1, 3):
        for _ in range(3):
            await checking.sign_in("ada")
            assert await done(checking, day) == {"breached": day}
        clock.advance(days=1)
    assert len(ranges.requests) == 2
    await all_sent(databases)
    [letter] = letters(tmp_path, ADA)
    assert letter["subject"] == "Your password is known from a breach"
    assert f"{IDENTITY_URL}/account/password" in letter.as_string()
    assert None not in await user(databases)


async def test_service_learns_five_digits_and_the_password_is_written_nowhere(
    checking: Identity, ranges: RangeService, databases: Databases, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ranges.add(PASSWORD)
    ranges.requests.clear()
    with caplog.at_level(logging.DEBUG):
        await checking.sign_in("ada")
        await done(checking, 1)
        await all_sent(databases)
    [request] = ranges.requests
    assert request.startswith(f"GET /range/{DIGEST[:5]} HTTP/1.1\r\n")
    assert DIGEST[5:] not in request.upper()
    for secret in (PASSWORD, DIGEST[:20]):
        assert secret.lower() not in caplog.text.lower()
        assert await tables_with(databases, secret) == []
        assert secret not in letters(tmp_path, ADA)[0].as_string()


async def test_sign_in_waits_for_no_look_up_and_those_at_once_are_bounded(
    checking: Identity, ranges: RangeService, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breach_checks, "MOST_AT_ONCE", 1)
    await account(checking, "eve", OTHER)
    ranges.requests.clear()
    ranges.may_answer.clear()
    await asyncio.gather(*(checking.sign_in("ada") for _ in range(3)))
    assert (await checking.sign_in("eve", OTHER))["access_token"]
    assert checking.parts.authentication.breach_checks.outcomes["skipped"] == 3
    ranges.may_answer.set()
    assert await done(checking, 4) == {"clean": 1, "skipped": 3}
    assert len(ranges.requests) == 1
    assert (await user(databases))[1] is None


async def test_many_sign_ins_at_once_ask_once(checking: Identity, ranges: RangeService) -> None:
    ranges.add(PASSWORD)
    ranges.requests.clear()
    await asyncio.gather(*(checking.sign_in("ada") for _ in range(8)))
    assert await done(checking, 1) == {"breached": 1}
    await asyncio.gather(*look_ups())
    assert len(ranges.requests) == 1


async def test_service_that_is_away_changes_nothing_and_is_asked_again_the_next_day(
    checking: Identity, ranges: RangeService, databases: Databases, clock: StandingClock
) -> None:
    ranges.status = "503 Service Unavailable"
    for _ in range(2):
        await checking.sign_in("ada")
        assert await done(checking, 1) == {"failed": 1}
    assert (await user(databases))[1] is None
    ranges.status = "200 OK"
    ranges.add(PASSWORD)
    clock.advance(days=1)
    await checking.sign_in("ada")
    assert await done(checking, 2) == {"failed": 1, "breached": 1}
    assert (await user(databases))[1] is not None


async def test_answer_about_a_former_password_is_written_for_no_other(
    checking: Identity, ranges: RangeService, databases: Databases, tmp_path: Path
) -> None:
    ranges.add(PASSWORD)
    ranges.may_answer.clear()
    ranges.requests.clear()
    await checking.sign_in("ada")
    await until(lambda: len(ranges.requests) == 1)
    await issue_initial_password(checking, "ada")
    ranges.may_answer.set()
    assert await done(checking, 1) == {"breached": 1}
    assert await user(databases) == (None, None)
    await all_sent(databases)
    assert letters(tmp_path, ADA, "breach") == []


async def test_change_of_the_password_forgets_what_was_known_of_the_former(
    checking: Identity, ranges: RangeService, databases: Databases
) -> None:
    ranges.add(PASSWORD)
    tokens = await checking.sign_in("ada", resource=IDENTITY_URL)
    await done(checking, 1)
    change = {"current_password": PASSWORD, "new_password": OTHER}
    headers = bearer(tokens["access_token"])
    assert (await checking.http.put("/users/me/password", json=change, headers=headers)).status_code == 204
    assert await user(databases) == (None, None)
    await checking.sign_in("ada", OTHER)
    assert await done(checking, 2) == {"breached": 1, "clean": 1}
    assert (await user(databases))[1] is None


async def test_replaced_hash_is_the_same_password(
    checking: Identity, ranges: RangeService, databases: Databases
) -> None:
    ranges.add(PASSWORD)
    url = ranges.url
    async with services.identity(databases, breached_passwords_url=url, password_scheme="argon2id") as other:
        await other.sign_in("ada")
        assert await done(other, 1) == {"breached": 1}
    [row] = await databases.fetch("identity_app", "SELECT password_hash FROM identity.users")
    assert row["password_hash"].startswith("$argon2id$")
    assert None not in await user(databases)


async def test_wrong_password_and_a_service_without_a_url_ask_nobody(
    checking: Identity, ranges: RangeService, databases: Databases
) -> None:
    ranges.requests.clear()
    answer = await checking.token(grant_type="password", username="ada", password=OTHER)
    assert answer.status_code == 400
    async with services.identity(databases) as other:
        await other.sign_in("ada")
        assert look_ups() == []
    assert ranges.requests == []
    assert await user(databases) == (None, None)
