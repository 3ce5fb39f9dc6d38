"""What ends a sign-on ends the sessions that come from it, and services obey; what ends one session ends no other."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from identity_service.clients.narrowing import Target
from tests.identity.answers import claims_of, ensure_oauth_error, ensure_problem
from tests.identity.ends_of_everything import ENDS, OTHER
from tests.identity.obeying import ObeyingService
from tests.identity.sessions_of_sign_ons import offer_openid, sign_on_row, start_in
from tests.identity.signing_in import ensure_ended
from tests.identity.signing_on import ORIGIN, register_and_sign_on, sign_on, submit, use, who
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

FOR_POSTS = Target(POSTS_URL, ["posts:write"])
LEFT = (
    "SELECT FROM identity.sessions s JOIN identity.sign_ons o ON o.id = sign_on_id"
    " WHERE s.ended_at IS NULL AND o.ended_at IS NOT NULL"
)
ENDED = "SELECT DISTINCT end_reason FROM identity.sessions WHERE ended_at IS NOT NULL"
AUDIT = "SELECT subject FROM identity.audit_entries WHERE action = 'session.ended'"
AUDIT_OF_SIGN_ONS = "SELECT FROM identity.audit_entries WHERE action = 'sign_on.ended' AND detail ? 'user'"
SIGN_ONS = "SELECT end_reason FROM identity.sign_ons"
DEVICES = "/account/devices"

Way = Callable[[Identity, str, dict[str, Any]], Awaitable[Any]]


def session_id(tokens: dict[str, Any]) -> str:
    return str(claims_of(tokens["access_token"])["sid"])


async def delete(identity: Identity, tokens: dict[str, Any], path: str, **headers: str) -> dict[str, Any]:
    answer = await identity.http.delete(path, headers={**bearer(tokens["access_token"]), **headers})
    assert answer.status_code in {200, 204}, answer.text
    return dict(answer.json()) if answer.content else {}


async def sign_out_on_the_page(identity: Identity, secret: str, _: dict[str, Any]) -> None:
    use(identity, secret)
    assert (await submit(identity, "/sign-out")).status_code == 303


async def sign_out_by_token(identity: Identity, _: str, tokens: dict[str, Any]) -> None:
    await delete(identity, tokens, "/sessions/current")


async def end_by_session(identity: Identity, _: str, tokens: dict[str, Any]) -> None:
    elsewhere = await identity.sign_in("ada", resource=IDENTITY_URL)
    await delete(identity, elsewhere, f"/sessions/{session_id(tokens)}")


async def end_on_the_devices_page(identity: Identity, secret: str, _: dict[str, Any]) -> None:
    device = await sign_on_row(identity, secret)
    identity.http.cookies.clear()
    await sign_on(identity)
    assert (await submit(identity, DEVICES, id=str(device.id))).status_code == 303


async def end_session_on_the_devices_page(identity: Identity, _: str, tokens: dict[str, Any]) -> None:
    identity.http.cookies.clear()
    await sign_on(identity)
    assert (await submit(identity, DEVICES, id=session_id(tokens))).status_code == 303


async def end_others_on_the_page(identity: Identity, _: str, __: dict[str, Any]) -> None:
    identity.http.cookies.clear()
    await sign_on(identity)
    assert (await submit(identity, f"{DEVICES}/others")).status_code == 303


async def sign_on_as_somebody_else(identity: Identity, secret: str, _: dict[str, Any]) -> None:
    use(identity, secret)
    await sign_on(identity, "eve")


async def sign_on_once_too_often(identity: Identity, _: str, __: dict[str, Any]) -> None:
    for _number in range(4):
        identity.http.cookies.clear()
        await sign_on(identity)


WAYS: dict[str, tuple[Way, str]] = {
    "page": (sign_out_on_the_page, "signed out"),
    "token": (sign_out_by_token, "signed out"),
    "session": (end_by_session, "ended by its owner"),
    "device": (end_on_the_devices_page, "ended by its owner"),
    "session of device": (end_session_on_the_devices_page, "ended by its owner"),
    "others": (end_others_on_the_page, "ended by its owner"),
    "replaced": (sign_on_as_somebody_else, "signed in again in the same browser"),
    "too many": (sign_on_once_too_often, "more sessions than an account may have"),
}


@pytest.fixture
async def identity_with_few(clean_databases: Databases) -> AsyncIterator[Identity]:
    """The identity service, whose accounts may have four sign-ons and four sessions."""
    async with services.identity(clean_databases, sessions_per_account=4) as service:
        yield service


async def started(identity: Identity, databases: Databases, count: int = 2) -> tuple[str, list[dict[str, Any]]]:
    """The secret of ada's sign-on, and the tokens for posts of so many sessions of it."""
    await offer_openid(databases)
    await identity.register("eve")
    secret = await register_and_sign_on(identity)
    return secret, [await start_in(identity, secret, target=FOR_POSTS) for _ in range(count)]


async def for_identity(identity: Identity, tokens: dict[str, Any]) -> dict[str, Any]:
    """The tokens of the same session after a refresh, for identity itself."""
    return dict((await identity.refresh(tokens["refresh_token"], resource=IDENTITY_URL)).json())


async def ensure_all_ended(
    identity: Identity, databases: Databases, posts: ObeyingService, sessions: list[dict[str, Any]]
) -> None:
    """Posts refuses the tokens of these sessions, and identity their refresh; each end is in the audit log."""
    await posts.receive()
    for tokens in sessions:
        assert not await posts.accepts(tokens["access_token"])
        ensure_oauth_error(await identity.refresh(tokens["refresh_token"]), "invalid_grant")
    assert await databases.fetch("identity_owner", LEFT) == []
    audited = {row["subject"] for row in await databases.fetch("identity_owner", AUDIT)}
    assert {session_id(tokens) for tokens in sessions} <= audited


@pytest.mark.parametrize("way", WAYS)
async def test_end_of_a_sign_on_ends_its_sessions_and_nobody_elses(
    clean_databases: Databases, identity_with_few: Identity, way: str
) -> None:
    identity = identity_with_few
    secret, sessions = await started(identity, clean_databases)
    eve = await identity.sign_in("eve")
    posts = await ObeyingService.of(identity)
    act, reason = WAYS[way]
    await act(identity, secret, await for_identity(identity, sessions[0]))
    await ensure_all_ended(identity, clean_databases, posts, sessions)
    assert await posts.accepts(eve["access_token"])
    assert [row["end_reason"] for row in await clean_databases.fetch("identity_owner", ENDED)] == [reason]
    assert await who(identity, secret) is None


@pytest.mark.parametrize("reason", ENDS)
async def test_what_ends_everything_ends_every_sign_on_with_its_sessions_and_writes_it_down(
    mailing: Identity, tmp_path: Path, databases: Databases, reason: str
) -> None:
    first, sessions = await started(mailing, databases)
    mailing.http.cookies.clear()
    second = await sign_on(mailing)
    posts = await ObeyingService.of(mailing)
    await ENDS[reason](mailing, tmp_path)
    await ensure_all_ended(mailing, databases, posts, sessions)
    assert [await who(mailing, secret) for secret in (first, second)] == [None, None]
    reasons = [row["end_reason"] for row in await databases.fetch("identity_app", SIGN_ONS)]
    assert (None in reasons, reason in reasons) == (False, True)
    assert len(await databases.fetch("identity_owner", AUDIT_OF_SIGN_ONS)) == len(reasons)


async def test_ending_a_sign_on_can_be_waited_for(identity: Identity, databases: Databases) -> None:
    _, (first, _) = await started(identity, databases)
    posts = await ObeyingService.of(identity)
    answer = await delete(identity, await for_identity(identity, first), "/sessions/current", Prefer="wait=0")
    assert answer == {"obeyed": [], "outstanding": ["posts"]}
    await posts.receive()
    assert len(posts.revocations) == 2


@pytest.mark.parametrize("count", [1, 2])
async def test_ending_everything_else_leaves_the_sign_on_and_all_its_sessions(
    identity: Identity, databases: Databases, count: int
) -> None:
    secret, sessions = await started(identity, databases, count)
    posts = await ObeyingService.of(identity)
    for act in ("DELETE /sessions", "PUT /users/me/password", DEVICES, "/account/password"):
        elsewhere = await identity.sign_in("ada", password_now(act))
        here = await for_identity(identity, sessions[0])
        await end_everything_else(identity, act, secret, here)
        await posts.receive()
        ends = [not await posts.accepts(tokens["access_token"]) for tokens in (elsewhere, *sessions)]
        assert ends == [True] + [False] * count, act
        ensure_oauth_error(await identity.refresh(elsewhere["refresh_token"]), "invalid_grant")
        sessions = [
            (await identity.refresh(tokens["refresh_token"], resource=POSTS_URL)).json()
            for tokens in (here, *sessions[1:])
        ]
        assert await who(identity, secret) == "ada"


def password_now(act: str) -> str:
    return OTHER if act in {DEVICES, "/account/password"} else PASSWORD


async def end_everything_else(identity: Identity, act: str, secret: str, tokens: dict[str, Any]) -> None:
    use(identity, secret)
    there = {"current_password": OTHER, "new_password": PASSWORD}
    here = {"current_password": PASSWORD, "new_password": OTHER}
    if act == "DELETE /sessions":
        await delete(identity, tokens, "/sessions")
    elif act == DEVICES:
        assert (await submit(identity, f"{DEVICES}/others")).status_code == 303
    elif act == "/account/password":
        assert (await submit(identity, act, ORIGIN, **there)).status_code == 303
    else:
        answer = await identity.http.put("/users/me/password", json=here, headers=bearer(tokens["access_token"]))
        assert answer.status_code == 204, answer.text


async def test_revocation_ends_one_session_and_neither_the_sign_on_nor_another(
    identity: Identity, databases: Databases
) -> None:
    secret, (first, second) = await started(identity, databases)
    await identity.http.post("/oauth/revoke", data={"token": first["refresh_token"]})
    ensure_oauth_error(await identity.refresh(first["refresh_token"]), "invalid_grant")
    assert (await identity.refresh(second["refresh_token"])).status_code == 200
    assert await who(identity, secret) == "ada"


async def test_replay_ends_one_session_and_neither_the_sign_on_nor_another(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    secret, (first, second) = await started(identity_at, databases)
    assert (await identity_at.refresh(first["refresh_token"])).status_code == 200
    clock.advance(minutes=1)
    ensure_oauth_error(await identity_at.refresh(first["refresh_token"]), "invalid_grant")
    assert (await identity_at.refresh(second["refresh_token"])).status_code == 200
    assert await who(identity_at, secret) == "ada"


async def test_nobody_ends_the_sign_on_of_another_by_its_session(identity: Identity, databases: Databases) -> None:
    secret, (first, second) = await started(identity, databases)
    eve = await identity.sign_in("eve", resource=IDENTITY_URL)
    sign_on_id = (await sign_on_row(identity, secret)).id
    for strange in (session_id(first), str(sign_on_id)):
        answer = await identity.http.delete(f"/sessions/{strange}", headers=bearer(eve["access_token"]))
        ensure_problem(answer, 404, "session_not_found")
    assert (await identity.refresh(second["refresh_token"])).status_code == 200
    assert await who(identity, secret) == "ada"


async def test_sign_on_that_the_previous_release_has_ended_leaves_sessions_that_are_refused_and_can_be_ended(
    identity: Identity, databases: Databases
) -> None:
    secret, (first, second) = await started(identity, databases)
    tokens = await for_identity(identity, first)
    ended = "UPDATE identity.sign_ons SET ended_at = now(), end_reason = 'signed out'"
    await databases.execute("identity_owner", ended)
    ensure_oauth_error(await identity.refresh(second["refresh_token"]), "invalid_grant")
    shown = await identity.http.get("/sessions", headers=bearer(tokens["access_token"]))
    assert shown.json() == []
    assert len(await databases.fetch("identity_owner", LEFT)) == 2
    for _ in range(2):
        await sign_out_on_the_page(identity, secret, tokens)
    assert await databases.fetch("identity_owner", LEFT) == []
    await ensure_ended(identity, tokens)
