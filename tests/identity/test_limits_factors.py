"""Changes of factors that send letters are limited for each account; removals never are."""

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.identity.both_steps import add_codes
from tests.identity.browsing import browsing
from tests.identity.mailbox import all_sent, letters
from tests.identity.passkeys import PASSKEYS, add, add_passkey, registration_options
from tests.identity.second_factors import App
from tests.identity.security_pages import RECOVERY_CODES
from tests.identity.test_factors_disavowed import CODES, add_over_http, rows
from tests.support import services
from tests.support.authenticator import Authenticator
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import IDENTITY_URL, Identity
from watchword.testing import StandingClock

__all__ = ["exact_counts"]

ADA = "ada@example.com"
POLICY = '"factor-changes";q=2;w=86400'


@pytest.fixture
async def limited(clean_databases: Databases, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Identity]:
    settings = {"mail_folder": tmp_path, "limit_factor_changes": "2/86400"}
    async with services.identity(clean_databases, clock=clock, **settings) as identity:
        yield identity


def ensure_limited(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["RateLimit-Policy"]) == (429, POLICY)


async def renew(identity: Identity, headers: dict[str, str]) -> httpx.Response:
    return await identity.http.post("/users/me/recovery-codes", headers=headers)


async def test_renewals_of_recovery_codes_are_limited_and_the_codes_stay_that_were_told(
    limited: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    ada = await limited.signed_in("ada")
    await add_passkey(limited, ada)
    clock.advance(seconds=60)
    assert (await renew(limited, ada)).status_code == 200
    codes = await rows(databases, CODES)
    clock.advance(seconds=60)
    ensure_limited(await renew(limited, ada))
    assert await rows(databases, CODES) == codes
    await all_sent(databases)
    assert len(letters(tmp_path, ADA, "New recovery codes")) == 1


async def test_apps_and_passkeys_are_limited_together_and_removed_all_the_same(
    limited: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    ada = await limited.signed_in("ada")
    _, first = await add_passkey(limited, ada)
    await add_over_http(limited, ada)
    _, credential = Authenticator.of(IDENTITY_URL).register(await registration_options(limited, ada))
    ensure_limited(await add(limited, ada, credential))
    clock.advance(seconds=60)
    began = await limited.http.post("/users/me/totp", headers=ada)
    code = App(base64.b32decode(began.json()["secret"])).code(clock.now())
    ensure_limited(await limited.http.post("/users/me/totp/confirmation", json={"code": code}, headers=ada))
    path = f"{PASSKEYS}/{first['passkey']['id']}"
    assert (await limited.http.delete(path, headers=ada)).status_code == 204
    assert (await limited.http.delete("/users/me/totp", headers=ada)).status_code == 204
    await all_sent(databases)
    assert [len(letters(tmp_path, ADA, words)) for words in ("was added", "was replaced", "was removed")] == [2, 0, 2]


async def test_each_account_has_a_limit_of_its_own(limited: Identity) -> None:
    for name in ("ada", "eve"):
        headers = await limited.signed_in(name)
        await add_passkey(limited, headers)
        assert (await renew(limited, headers)).status_code == 200


async def test_page_says_when_new_codes_can_be_made(limited: Identity, databases: Databases) -> None:
    async with browsing(limited, "ada") as browser:
        (user_id,) = await rows(databases, "SELECT id FROM identity.users")
        await add_codes(limited, str(user_id))
        for status in (200, 200, 429):
            page = await browser.open(RECOVERY_CODES)
            (version,) = re.findall(r'name="version" value="([^"]*)"', page)
            answer = await browser.send(RECOVERY_CODES, {"version": version})
            assert answer.status_code == status
        ensure_limited(answer)
        assert "Try again in" in answer.text


async def test_what_is_refused_for_another_reason_is_not_counted(limited: Identity, clock: StandingClock) -> None:
    ada = await limited.signed_in("ada")
    began = await limited.http.post("/users/me/totp", headers=ada)
    for _ in range(3):
        wrong = await limited.http.post("/users/me/totp/confirmation", json={"code": "000000"}, headers=ada)
        assert wrong.status_code == 403
        assert (await renew(limited, ada)).status_code == 409
    code = App(base64.b32decode(began.json()["secret"])).code(clock.now())
    right = await limited.http.post("/users/me/totp/confirmation", json={"code": code}, headers=ada)
    assert right.status_code == 200
