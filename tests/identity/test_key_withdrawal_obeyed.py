"""A withdrawn key is refused by every process of identity at once, and by every receiver of its events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from identity_service import channel
from identity_service.administration import Administration
from identity_service.keys import keyring
from tests.identity.answers import header_of
from tests.identity.obeying import ObeyingService
from tests.identity.receivers import Receiver, receiver, receiver_with_stream, summary_of
from tests.identity.signing import signing_kid
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from tests.support.waiting import until
from watchword.testing import StandingClock

AUDIT = "SELECT actor, action, subject FROM identity.audit_entries"
FOR_EVER = 3_600.0


@asynccontextmanager
async def deaf(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Identity]:
    """A process of identity that gets no notification."""
    with monkeypatch.context() as patch:
        patch.setattr(channel, "CHANNEL", "nobody_notifies_here")
        replica = services.identity(databases)
        identity = await replica.__aenter__()
    try:
        yield identity
    finally:
        await replica.__aexit__(None, None, None)


async def signed_in(identity: Identity) -> str:
    await identity.register("ada")
    return str((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])


async def withdraw(identity: Identity) -> str:
    """Withdraw the key that signs, and return it."""
    kid = signing_kid(identity)
    await Administration(identity.parts).withdraw_keys([kid])
    return kid


async def accepts(identity: Identity, access_token: str) -> bool:
    answer = await identity.http.get("/users/me", headers=bearer(access_token))
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def ensure_refused_soon(identity: Identity, access_token: str) -> None:
    async def is_refused() -> bool:
        return not await accepts(identity, access_token)

    await until(is_refused)


async def test_every_process_of_identity_obeys_the_notification(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "READ_EVERY_SECONDS", FOR_EVER)
    monkeypatch.setattr(keyring, "LEASE_SECONDS", FOR_EVER)
    token = await signed_in(identity)
    async with services.identity(databases) as other:
        assert await accepts(other, token)
        await withdraw(identity)
        for process in (identity, other):
            await ensure_refused_soon(process, token)


async def test_process_that_misses_the_notification_reads_the_table(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "LEASE_SECONDS", FOR_EVER)
    token = await signed_in(identity)
    async with deaf(databases, monkeypatch) as other:
        assert await accepts(other, token)
        await withdraw(identity)
        await ensure_refused_soon(other, token)


async def test_process_whose_copy_of_the_keys_is_old_reads_the_table_before_it_answers(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "READ_EVERY_SECONDS", FOR_EVER)
    token = await signed_in(identity)
    async with deaf(databases, monkeypatch) as other:
        assert await accepts(other, token)
        await withdraw(identity)
        monkeypatch.setattr(keyring, "LEASE_SECONDS", 0.0)
        assert not await accepts(other, token)


async def test_reading_of_the_keys_that_takes_longer_than_a_copy_lasts_refuses_nobody(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow database must not end a session: a client that is refused gives its refresh token up."""
    token = await signed_in(identity)
    refresh_token = (await identity.sign_in("ada"))["refresh_token"]
    monkeypatch.setattr(keyring, "LEASE_SECONDS", 0.0)
    assert await accepts(identity, token)
    assert (await identity.refresh(refresh_token)).status_code == 200


async def test_clock_that_is_behind_delays_neither_the_withdrawal_nor_the_key_that_signs_instead(
    identity_at: Identity, behind: Identity
) -> None:
    token = await signed_in(identity_at)
    leaked = await withdraw(identity_at)
    for process in (identity_at, behind):
        await process.parts.keyring.reload()
        assert process.parts.keyring.find(leaked) is None
        assert not await accepts(process, token)
    fresh = await behind.sign_in("ada", resource=IDENTITY_URL)
    assert header_of(fresh["access_token"])["kid"] == signing_kid(identity_at) != leaked
    assert await accepts(identity_at, fresh["access_token"])
    assert await accepts(behind, fresh["access_token"])


async def test_withdrawal_is_one_event_that_names_the_key_and_is_signed_by_another(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    posts = await receiver_with_stream(identity_at)
    (row,) = await identity_at.parts.signing_keys.load()
    for _ in range(2):
        await Administration(identity_at.parts).withdraw_keys([row.kid])
    # The access token of the receiver was signed by that key too.
    posts.headers = (await receiver(identity_at)).headers
    (token,) = (await posts.sets()).values()
    kind, subject, claims = summary_of(token)
    assert (kind, subject) == ("signing-key-withdrawn", {"format": "opaque", "id": row.kid})
    assert (claims["kid"], claims["expires_at"]) == (row.kid, int(row.withdrawn_at.timestamp()))
    assert claims["reason_admin"] == {"en": "an administrator's command"}
    assert header_of(token)["kid"] == signing_kid(identity_at) != row.kid
    audited = [tuple(entry) for entry in await databases.fetch("identity_app", AUDIT)]
    assert audited == [("command line", "key.withdrawn", row.kid)]


async def test_process_that_sends_the_event_before_it_has_read_the_keys_signs_with_another_key(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "READ_EVERY_SECONDS", FOR_EVER)
    monkeypatch.setattr(keyring, "LEASE_SECONDS", FOR_EVER)
    posts = await receiver_with_stream(identity)
    async with deaf(databases, monkeypatch) as other:
        leaked = await withdraw(identity)
        assert signing_kid(other) == leaked
        (token,) = (await Receiver(other.http, posts.headers, posts.stream_id).sets()).values()
    assert summary_of(token)[2]["kid"] == leaked != header_of(token)["kid"]


async def test_services_refuse_what_the_key_has_signed_and_nothing_else(identity_at: Identity) -> None:
    await identity_at.register("ada")
    posts = await ObeyingService.of(identity_at)
    old = await identity_at.sign_in("ada")
    assert await posts.accepts(old["access_token"])
    await withdraw(identity_at)
    new = await identity_at.sign_in("ada")
    await posts.authenticate()
    await posts.receive()
    assert [await posts.accepts(tokens["access_token"]) for tokens in (old, new)] == [False, True]


async def test_the_sessions_that_must_sign_in_again_are_counted(identity_at: Identity, clock: StandingClock) -> None:
    await identity_at.register("ada")
    leaked = signing_kid(identity_at)
    ended, refreshed, *_ = [await identity_at.sign_in("ada", resource=IDENTITY_URL) for _ in range(4)]
    await identity_at.http.delete("/sessions/current", headers=bearer(ended["access_token"]))
    await identity_at.parts.signing_keys.rotate()
    clock.advance(hours=1)
    await identity_at.parts.keyring.check()
    await identity_at.refresh(refreshed["refresh_token"])
    under_the_new_key = await identity_at.sign_in("ada")
    withdrawn = await Administration(identity_at.parts).withdraw_keys([leaked])
    assert withdrawn.sessions == 2
    assert header_of(under_the_new_key["refresh_token"])["kid"] == withdrawn.signing_kid
