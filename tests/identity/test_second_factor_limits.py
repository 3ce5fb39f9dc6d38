"""Limits of codes: for an account in browsers that it does not know, in one known browser and in all of them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.identity.both_steps import WRONG_CODE, Codes, add_codes, register_with_codes, send_code, send_password
from tests.identity.browsing import browsing
from tests.identity.mailbox import all_sent, letters
from tests.identity.test_limits_account import device_of
from tests.identity.test_new_device_letter import ADA, SUBJECT, verified
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.metrics import scrape
from tests.support.pauses import Pauses
from tests.support.services import Identity
from watchword.limits import Pace
from watchword.testing import StandingClock

__all__ = ["exact_counts"]

LIMITS: dict[str, Any] = {"limit_second_factor": "3/9000", "limit_second_factor_devices": "4/36000"}
DEVICE = "watchword_device_8001"
REFUSED = "SELECT reason, count FROM identity.refused_sign_ins ORDER BY reason"
NO_RECOVERY_CODE = "0000-0000-0000-0000"


@pytest.fixture
async def limited(clean_databases: Databases, clock: StandingClock) -> AsyncIterator[Identity]:
    async with services.identity(clean_databases, clock=clock, **LIMITS) as identity:
        yield identity


async def attempt(identity: Identity, code: str, *, device: str | None = None, username: str = "ada") -> httpx.Response:
    """The answer to a code in another browser, in which the password was right; `device` is its device cookie."""
    async with browsing(identity) as browser:
        if device is not None:
            browser.http.cookies.set(*device.split("=", 1))
        await send_password(browser, username)
        return await send_code(browser, code)


def ensure_limited(answer: httpx.Response, policy: str) -> None:
    assert answer.status_code == 429
    assert answer.headers["RateLimit-Policy"] == policy
    assert f"Try again in {answer.headers['Retry-After']} seconds" in answer.text
    assert 'name="code"' in answer.text


async def test_account_is_limited_over_all_browsers_that_it_does_not_know_and_recovery_codes_apart(
    limited: Identity,
) -> None:
    ada = await register_with_codes(limited)
    assert [(await attempt(limited, WRONG_CODE)).status_code for _ in range(3)] == [422] * 3
    ensure_limited(await attempt(limited, ada.code()), '"second-factor";q=3;w=9000')
    assert (await attempt(limited, ada.recovery_codes[0])).status_code == 303
    assert [(await attempt(limited, NO_RECOVERY_CODE)).status_code for _ in range(3)] == [422] * 3
    ensure_limited(await attempt(limited, ada.recovery_codes[1]), '"second-factor-recovery";q=3;w=9000')
    eve = await register_with_codes(limited, "eve")
    assert (await attempt(limited, eve.code(), username="eve")).status_code == 303


async def test_known_browser_has_a_limit_of_its_own_and_uses_up_nothing_of_the_account(limited: Identity) -> None:
    user_id = await limited.register("ada")
    ada, device, other = await add_codes(limited, user_id), *(device_of(limited, user_id, "ada") for _ in range(2))
    for _ in range(3):
        await attempt(limited, WRONG_CODE)
    assert (await attempt(limited, ada.code())).status_code == 429
    assert (await attempt(limited, ada.code(), device=device)).status_code == 303
    assert [(await attempt(limited, WRONG_CODE, device=device)).status_code for _ in range(3)] == [422] * 3
    ensure_limited(await attempt(limited, ada.code(1), device=device), '"second-factor-device";q=3;w=9000')
    assert (await attempt(limited, WRONG_CODE, device=other)).status_code == 422
    ensure_limited(await attempt(limited, ada.code(1), device=other), '"second-factor-devices";q=4;w=36000')


async def test_codes_that_could_not_be_checked_use_up_nothing(limited: Identity, databases: Databases) -> None:
    ada = await register_with_codes(limited)
    damage = "UPDATE identity.totp_factors SET sealed_secret = reverse(sealed_secret)"
    await databases.execute("identity_app", damage)
    assert [(await attempt(limited, ada.code())).status_code for _ in range(4)] == [503] * 4
    await databases.execute("identity_app", damage)
    assert (await attempt(limited, ada.code())).status_code == 303


async def test_right_codes_use_up_nothing(limited: Identity) -> None:
    ada = await register_with_codes(limited)
    answers = [await attempt(limited, code) for code in ada.recovery_codes[:4]]
    assert [answer.status_code for answer in answers] == [303] * 4
    assert [(await attempt(limited, NO_RECOVERY_CODE)).status_code for _ in range(3)] == [422] * 3


async def test_browser_that_another_account_knows_counts_as_unknown(limited: Identity) -> None:
    await register_with_codes(limited)
    device_of_eve = device_of(limited, await limited.register("eve"), "eve", "ada")
    for _ in range(3):
        await attempt(limited, WRONG_CODE)
    ensure_limited(await attempt(limited, WRONG_CODE, device=device_of_eve), '"second-factor";q=3;w=9000')


async def test_wrong_passwords_and_codes_have_limits_apart(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, limit_sign_in="5/9000", **LIMITS) as identity:
        await register_with_codes(identity)
        for _ in range(4):
            answer = await attempt(identity, WRONG_CODE)
        assert answer.headers["RateLimit-Policy"] == '"second-factor";q=3;w=9000'
        async with browsing(identity) as browser:
            await send_password(browser)


async def test_attempts_are_counted_by_outcome_and_recorded(limited: Identity, databases: Databases) -> None:
    ada = await register_with_codes(limited)
    assert (await attempt(limited, ada.code())).status_code == 303
    for _ in range(4):
        await attempt(limited, WRONG_CODE)
    async with browsing(limited) as browser:
        assert (await send_code(browser, ada.code(1))).status_code == 422
    metrics = await scrape(limited.http)
    outcomes = {name: metrics("watchword_second_factors_total", outcome=name) for name in ("ok", "wrong", "over")}
    assert outcomes == {"ok": 1, "wrong": 3, "over": 1}
    assert metrics("watchword_second_factors_total", outcome="limited") == 1
    assert metrics("watchword_sign_ins_total", outcome="second_factor") == 5
    assert metrics("watchword_sign_ins_total", outcome="ok") == 0
    assert metrics("watchword_limit_refusals_total", limit="second-factor") == 1
    await limited.parts.authentication.refused_sign_ins.write_waiting()
    rows = await databases.fetch("identity_owner", REFUSED)
    assert {row["reason"]: row["count"] for row in rows} == {"limit reached": 4}


@pytest.fixture
async def ada(mailing: Identity, databases: Databases) -> Codes:
    """The codes of ada, who has a verified address and has signed on once."""
    user_id = await verified(mailing, databases)
    async with browsing(mailing) as browser:
        await browser.sign_on()
    return await add_codes(mailing, user_id)


async def sent(databases: Databases, folder: Path, subject: str = SUBJECT) -> int:
    await all_sent(databases)
    return len(letters(folder, ADA, subject))


async def test_letter_about_a_new_browser_is_sent_once_it_is_signed_on_and_no_wrong_code_uses_it_up(
    clean_databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    settings = {"mail_folder": tmp_path, "limit_letters_account": "3/3600"}
    async with services.identity(clean_databases, clock=clock, **settings) as identity:
        user_id = await verified(identity, clean_databases)
        async with browsing(identity) as browser:
            await browser.sign_on()
        ada = await add_codes(identity, user_id)
        clock.advance(seconds=3_600)
        async with browsing(identity) as browser:
            for _ in range(5):
                await send_password(browser)
                assert (await send_code(browser, WRONG_CODE)).status_code == 422
            assert await sent(clean_databases, tmp_path) == 0
            assert (await send_code(browser, ada.code())).status_code == 303
            assert await sent(clean_databases, tmp_path) == 1


async def test_owner_is_told_of_a_recovery_code_that_was_used(
    mailing: Identity, ada: Codes, databases: Databases, tmp_path: Path
) -> None:
    async with browsing(mailing) as browser:
        await send_password(browser)
        assert (await send_code(browser, ada.recovery_codes[0])).status_code == 303
    assert await sent(databases, tmp_path, "recovery code") == 1
    audit = "SELECT actor = subject AS is_own FROM identity.audit_entries WHERE action = 'recovery_code.used'"
    assert [row["is_own"] for row in await databases.fetch("identity_owner", audit)] == [True]


async def test_letter_that_a_limit_forbids_makes_no_request_wait_with_its_rows_locked(
    clean_databases: Databases, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"mail_folder": tmp_path, "limit_letters_account": "1/3600", "limit_second_factor": "10/3600"}
    async with services.identity(clean_databases, clock=clock, **settings) as identity:
        user_id = await verified(identity, clean_databases)
        async with browsing(identity) as browser:
            await browser.sign_on()
        ada, pauses = await add_codes(identity, user_id), Pauses()
        monkeypatch.setattr("watchword.limits.pace.GAP_SECONDS", 1.0)
        monkeypatch.setattr(Pace, "wait", Pace(monotonic=lambda: 0.0, pause=pauses).wait)
        for code in ada.recovery_codes[:4]:
            assert (await attempt(identity, code)).status_code == 303
        assert [(await attempt(identity, WRONG_CODE)).status_code for _ in range(7)] == [422] * 7
        refused = identity.parts.limits.limiter.refusals
        assert (pauses, refused["letters-account"], refused["second-factor-told"]) == ([], 3, 2)
