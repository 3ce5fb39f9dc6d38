"""A withdrawn signing key: what it has signed is refused, whatever the issuer's JWKS says."""

import time
from typing import Any

import pytest

from tests.shared.receivers import principal, receiving, refuses, session
from tests.shared.ssf import Transmitter
from tests.shared.test_receiver_versions import deliver
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth import InvalidToken, Verifier
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.events import EventType, Receiver
from watchword.events.types import signing_key_withdrawn_type
from watchword.testing import Issuer

ROWS = "SELECT kind, key, extract(epoch FROM expires_at)::bigint AS until FROM posts.revocations"
OPAQUE = {"format": "opaque", "id": "leaked"}


def refuses_key(receiver: Receiver, kid: str = "leaked") -> bool:
    return receiver.revocations.refuses(principal("ada")._replace(key_id=kid))


async def outcome(verifier: Verifier, token: str) -> str:
    try:
        await verifier.verify(token)
    except InvalidToken as refusal:
        return refusal.flaw
    return "accepted"


async def test_token_of_a_withdrawn_key_that_is_still_published_is_refused_also_if_it_is_remembered(
    databases: Databases, transmitter: Transmitter
) -> None:
    issuer: Issuer = transmitter.issuer
    issuer.rotate("second")
    async with receiving(databases, transmitter) as receiver:
        verifier = issuer.verifier(revocations=receiver)
        first, second = "first", issuer.kid
        issuer.kid = first
        remembered, fresh = issuer.mint(), issuer.mint()
        issuer.kid = second
        other = issuer.mint()
        assert [await outcome(verifier, token) for token in (remembered, other)] == ["accepted"] * 2
        await deliver(transmitter, signing_key_withdrawn_type(issuer.url), OPAQUE, kid=first)
        await until(lambda: refuses_key(receiver, first))
        assert first in [key["kid"] for key in issuer.jwks()["keys"]]
        outcomes = [await outcome(verifier, token) for token in (remembered, fresh, other)]
        assert outcomes == ["revoked", "revoked", "accepted"]


async def test_withdrawal_is_obeyed_in_every_process_and_after_a_restart(
    databases: Databases, transmitter: Transmitter
) -> None:
    kind = signing_key_withdrawn_type(transmitter.issuer.url)
    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        await deliver(transmitter, kind, OPAQUE, kid="leaked")
        await until(lambda: refuses_key(first) and refuses_key(second))
        assert not refuses_key(first, "other")
    async with receiving(databases, transmitter) as later:
        assert refuses_key(later)


async def test_withdrawal_is_kept_until_the_last_token_of_the_key_has_expired(
    databases: Databases, transmitter: Transmitter
) -> None:
    kind = signing_key_withdrawn_type(transmitter.issuer.url)
    expires_at = int(time.time()) + 44 * 86_400
    async with receiving(databases, transmitter) as receiver:
        await deliver(transmitter, kind, OPAQUE, kid="leaked", expires_at=expires_at)
        await deliver(transmitter, kind, OPAQUE, kid="soon", expires_at=1)
        keep = time.time() + receiver.revocations.keep_seconds()
    until_by_key = {row["key"]: row["until"] for row in await databases.fetch("posts_app", ROWS)}
    assert until_by_key["leaked"] == expires_at
    # No shorter than any other revocation, since a token of the key may be valid for as long.
    assert time.time() < until_by_key["soon"] <= keep + 1


@pytest.mark.parametrize("body", [{}, {"kid": ""}, {"kid": ["leaked"]}, {"key": "leaked"}])
async def test_withdrawal_without_a_key_has_no_effect_and_is_acknowledged(
    databases: Databases, transmitter: Transmitter, body: dict[str, Any]
) -> None:
    async with receiving(databases, transmitter):
        await deliver(transmitter, signing_key_withdrawn_type(transmitter.issuer.url), OPAQUE, **body)
    assert await databases.fetch("posts_app", ROWS) == []


async def test_another_issuers_key_is_not_withdrawn(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter) as receiver:
        await deliver(transmitter, signing_key_withdrawn_type("https://other.example"), OPAQUE, kid="leaked")
        assert not refuses_key(receiver)
    assert await databases.fetch("posts_app", ROWS) == []


async def test_event_that_a_withdrawn_key_has_signed_waits_until_another_key_signs_it(
    databases: Databases, transmitter: Transmitter
) -> None:
    issuer: Issuer = transmitter.issuer
    issuer.rotate("second")
    async with receiving(databases, transmitter) as receiver:
        await deliver(transmitter, signing_key_withdrawn_type(issuer.url), OPAQUE, kid="first")
        await until(lambda: refuses_key(receiver, "first"))
        issuer.kid = "first"
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        polls = transmitter.calls["poll"]
        await until(lambda: transmitter.calls["poll"] > polls + 2)
        assert not transmitter.is_settled(jti)
        assert not refuses(receiver, session_id="s")
        issuer.kid = "second"
        transmitter.put(jti, transmitter.event(EventType.SESSION_REVOKED, session("s"), jti=jti))
        await until(lambda: refuses(receiver, session_id="s") and jti in transmitter.acknowledged)


async def test_a_verifier_tells_the_key_of_each_caller(issuer: Issuer) -> None:
    caller = await issuer.verifier().verify(issuer.mint())
    assert caller.key_id == issuer.kid
    assert Revocation(Kind.KEY, issuer.kid, FOR_EVER, 0).key == caller.key_id
