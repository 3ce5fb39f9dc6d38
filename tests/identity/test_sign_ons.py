"""The sign-on of a browser: its cookie, when it begins and ends, and what ends it."""

import asyncio
from datetime import timedelta
from http.cookies import Morsel

import pytest

from identity_service.ending import RETENTION
from tests.identity.signing_on import (
    COOKIE,
    ORIGIN,
    cookie_of,
    cookies_of,
    register_and_sign_on,
    sign_on,
    submit,
    use,
    who,
)
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

OTHER = "paper clouds over Turin"
REASONS = "SELECT end_reason FROM identity.sign_ons WHERE ended_at IS NOT NULL"
LIVE = "SELECT FROM identity.sign_ons WHERE ended_at IS NULL"


async def reasons(databases: Databases) -> list[str]:
    return [str(row["end_reason"]) for row in await databases.fetch("identity_app", REASONS)]


async def test_cookie_is_of_this_host_alone_and_no_script_can_read_it(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, issuer="https://id.example") as identity:
        await identity.register("ada")
        answer = await submit(identity, "/sign-in", {"Origin": "https://id.example"}, login="ada", password=PASSWORD)
    cookie: Morsel[str] = cookie_of(answer, "__Host-watchword_sign_on")
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert (cookie["httponly"], cookie["samesite"].lower()) == (True, "lax")
    assert len(cookie.value) == 43


async def test_on_this_machine_the_name_of_the_cookie_has_the_port(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    cookie = cookie_of(await submit(identity, "/sign-in", login="ada@example.com", password=PASSWORD))
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"].lower()) == ("", True, "lax")
    ((row,)) = await databases.fetch("identity_app", "SELECT * FROM identity.sign_ons")
    assert (row["acr"], row["amr"]) == ("pwd", ["pwd"])
    assert cookie.value not in str(dict(row))


async def test_each_authentication_replaces_the_secret(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    use(identity, "planted-by-somebody-who-waits-for-ada")
    first = await sign_on(identity)
    use(identity, first)
    second = await sign_on(identity)
    assert len({first, second, "planted-by-somebody-who-waits-for-ada"}) == 3
    assert await who(identity, first) is None
    assert await who(identity, second) == "ada"
    assert len(await databases.fetch("identity_app", "SELECT FROM identity.sign_ons")) == 1


async def test_signing_on_as_somebody_else_ends_the_former_sign_on(identity: Identity, databases: Databases) -> None:
    ada = await register_and_sign_on(identity)
    eve = await register_and_sign_on(identity, "eve")
    assert (await who(identity, ada), await who(identity, eve)) == (None, "eve")
    assert await reasons(databases) == ["signed in again in the same browser"]


async def test_two_browsers_have_two_sign_ons_and_signing_out_ends_one(
    identity: Identity, databases: Databases
) -> None:
    first = await register_and_sign_on(identity)
    identity.http.cookies.clear()
    second = await sign_on(identity)
    assert (await submit(identity, "/sign-out")).status_code == 303
    assert (await who(identity, first), await who(identity, second)) == ("ada", None)
    audit = "SELECT actor, detail ->> 'why' AS why FROM identity.audit_entries WHERE action = 'sign_on.ended'"
    rows = await databases.fetch("identity_owner", audit)
    assert [row["why"] for row in rows] == await reasons(databases) == ["signed out"]


async def test_two_sign_ins_at_once_both_succeed(identity: Identity) -> None:
    secret = await register_and_sign_on(identity)
    use(identity, secret)
    headers = {**ORIGIN, "Cookie": f"{COOKIE}={secret}"}
    both = [submit(identity, "/sign-in", headers, login="ada", password=PASSWORD) for _ in range(2)]
    answers = await asyncio.gather(*both)
    assert [answer.status_code for answer in answers] == [303, 303]
    secrets = {cookie_of(answer).value for answer in answers}
    assert len(secrets) == 2
    assert [await who(identity, one) for one in (*secrets, secret)] == ["ada", "ada", None]


async def test_sign_on_ends_unused_after_fourteen_days_and_used_after_sixty(
    identity_at: Identity, clock: StandingClock
) -> None:
    unused = await register_and_sign_on(identity_at)
    identity_at.http.cookies.clear()
    used = await sign_on(identity_at)
    clock.advance(days=13, hours=23)
    assert await who(identity_at, used) == "ada"
    clock.advance(hours=1)
    assert await who(identity_at, unused) is None
    for _ in range(46):
        assert await who(identity_at, used) == "ada"
        clock.advance(days=1)
    assert await who(identity_at, used) is None


async def test_authenticating_again_does_not_make_a_sign_on_last_longer(
    identity_at: Identity, clock: StandingClock
) -> None:
    secret = await register_and_sign_on(identity_at)
    for _ in range(5):
        clock.advance(days=12, minutes=-1)
        use(identity_at, secret)
        secret = cookie_of(await submit(identity_at, "/sign-in", password=PASSWORD)).value
    assert await who(identity_at, secret) == "ada"
    clock.advance(minutes=6)
    assert await who(identity_at, secret) is None


async def test_a_use_is_written_down_once_in_five_minutes(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await register_and_sign_on(identity_at)
    began = clock.now()
    for minutes, seen in ((4, 0), (1, 5), (4, 5), (2, 11)):
        clock.advance(minutes=minutes)
        assert await who(identity_at) == "ada"
        ((row,)) = await databases.fetch("identity_app", "SELECT last_seen_at FROM identity.sign_ons")
        assert row["last_seen_at"] == began + timedelta(minutes=seen)


async def test_sign_on_of_a_deleted_account_is_gone(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    secret = await sign_on(identity)
    await submit(identity, "/sign-out")
    await sign_on(identity)
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204
    assert (await who(identity), await who(identity, secret)) == (None, None)
    assert await databases.fetch("identity_app", "SELECT FROM identity.sign_ons") == []


REFUSED = ("UPDATE identity.users SET is_active = false", "UPDATE identity.users SET awaits_verification = true")


@pytest.mark.parametrize("change", REFUSED)
async def test_sign_on_of_somebody_who_may_not_sign_in_is_not_honoured(
    identity: Identity, databases: Databases, change: str
) -> None:
    await register_and_sign_on(identity)
    await databases.execute("identity_owner", change)
    assert await who(identity) is None


async def test_account_has_so_many_sign_ons_and_one_more_ends_the_one_used_longest_ago(
    clean_databases: Databases, clock: StandingClock
) -> None:
    async with services.identity(clean_databases, clock=clock, sessions_per_account=2) as identity:
        secrets = [await register_and_sign_on(identity)]
        for _ in range(2):
            clock.advance(seconds=1)
            identity.http.cookies.clear()
            secrets.append(await sign_on(identity))
        assert [await who(identity, secret) for secret in secrets] == [None, "ada", "ada"]
    assert await reasons(clean_databases) == ["more sessions than an account may have"]


@pytest.mark.parametrize("secret", ["", "x", "x" * 10_000, "%00", "ä" * 43, "'; DROP TABLE"])
async def test_cookie_that_is_no_secret_signs_nobody_on(identity: Identity, secret: str) -> None:
    headers = {b"Cookie": f"{COOKIE}={secret}".encode()}
    answer = await identity.http.get("/account", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?return=/account")
    assert (await identity.http.get("/sign-in", headers=headers)).status_code == 200


async def test_two_cookies_sign_nobody_on_and_are_deleted_so_that_the_next_sign_in_works(identity: Identity) -> None:
    ada = await register_and_sign_on(identity)
    eve = await register_and_sign_on(identity, "eve")
    identity.http.cookies.clear()
    planted = {"Cookie": f"{COOKIE}={ada}; {COOKIE}={eve}"}
    for answer in (
        await identity.http.get("/account", headers=planted),
        await identity.http.get("/sign-in", headers=planted),
    ):
        deleted = cookies_of(answer)
        assert {(one.value, one["max-age"]) for one in deleted} == {("", "0")}
        assert {one["path"] for one in deleted} >= {"/", answer.request.url.path}
    answer = await submit(identity, "/sign-in", {**ORIGIN, **planted}, login="eve", password=PASSWORD)
    assert cookies_of(answer)[0].value == ""
    assert await who(identity, cookies_of(answer)[-1].value) == "eve"


async def test_sign_on_is_deleted_thirty_days_after_it_ended_or_expired(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await register_and_sign_on(identity_at)
    await submit(identity_at, "/sign-out")
    identity_at.http.cookies.clear()
    await sign_on(identity_at)
    idle = timedelta(days=14)
    for after, count in ((RETENTION, 2), (timedelta(minutes=1), 1), (idle - timedelta(minutes=2), 1), (idle, 0)):
        clock.advance(seconds=after.total_seconds())
        await identity_at.parts.cleanup.delete_expired(clock.now())
        assert len(await databases.fetch("identity_app", "SELECT FROM identity.sign_ons")) == count
