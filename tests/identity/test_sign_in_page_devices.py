"""The sign-in page and the browser that it signs a person on in: known by a device cookie, or told by letter."""

from pathlib import Path

import httpx

from tests.identity.mailbox import all_sent, letters
from tests.identity.signing_on import cookies_of, sign_on, submit
from tests.identity.test_limits_account import LIMITS, use_up
from tests.identity.test_new_device_letter import ADA, SUBJECT, sign_in, verified
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

__all__ = ["exact_counts"]

DEVICE = "watchword_device_8001"


async def count(databases: Databases, folder: Path) -> int:
    await all_sent(databases)
    return len(letters(folder, ADA, SUBJECT))


async def attempt(identity: Identity, password: str = PASSWORD) -> httpx.Response:
    return await submit(identity, "/sign-in", login="ada", password=password)


async def test_browser_is_known_after_it_signed_a_person_on_and_not_before(identity: Identity) -> None:
    await identity.register("ada")
    wrong = await attempt(identity, "wrong")
    assert (wrong.status_code, cookies_of(wrong, DEVICE)) == (422, [])
    (cookie,) = cookies_of(await attempt(identity), DEVICE)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    assert identity.parts.sign_in_pages.cookies.device.devices.read(cookie.value) is not None


async def test_sign_on_in_another_browser_is_told_once_and_the_first_one_is_not(
    mailing: Identity, databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    await verified(mailing, databases)
    await sign_on(mailing)
    for _ in range(2):
        # The device cookie stays when a person signs out, and also while they are signed on.
        clock.advance(seconds=3600)
        await sign_on(mailing)
        assert await count(databases, tmp_path) == 0
    mailing.http.cookies.clear()
    for _ in range(2):
        clock.advance(seconds=3600)
        await sign_on(mailing)
        mailing.http.cookies.delete("watchword_sign_on_8001")
        assert await count(databases, tmp_path) == 1


async def test_program_with_the_description_of_a_browser_that_signed_on_is_known(
    mailing: Identity, databases: Databases, clock: StandingClock, tmp_path: Path
) -> None:
    await verified(mailing, databases)
    mailing.http.headers["User-Agent"] = "Browser/1"
    await sign_on(mailing)
    clock.advance(seconds=3600)
    assert (await sign_in(mailing, "Browser/1")).status_code == 200
    assert await count(databases, tmp_path) == 0
    assert (await sign_in(mailing, "Browser/2")).status_code == 200
    assert await count(databases, tmp_path) == 1


async def test_known_browser_signs_on_when_the_account_is_used_up_and_another_one_is_told_when(
    clean_databases: Databases,
) -> None:
    async with services.identity(clean_databases, **LIMITS) as identity:
        await identity.register("ada")
        await sign_on(identity)
        await use_up(identity, "ada")
        await sign_on(identity)
        identity.http.cookies.clear()
        refused = await attempt(identity)
        assert refused.status_code == 429
        assert refused.headers["RateLimit-Policy"] == '"sign-in-account";q=5;w=9000'
        assert refused.headers["RateLimit"] == f'"sign-in-account";r=0;t={refused.headers["Retry-After"]}'
        assert cookies_of(refused, DEVICE) == []
