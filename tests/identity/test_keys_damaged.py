"""A row of the table of keys that cannot be opened, or that names another key than it holds, affects no other."""

import logging

import pytest

from identity_service.administration import Administration
from identity_service.keys import generation
from identity_service.keys.sealing import Sealer
from tests.identity.receivers import PUSH, cause_events, receiver_with_stream
from tests.identity.signing import published_kids, signing_kid
from tests.identity.test_keys import OTHER_KEY
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import KEY_ENCRYPTION_KEY, PASSWORD, Identity
from tests.support.waiting import until
from watchword.auth.public_key import PublicKey
from watchword.testing import StandingClock

INSERT = """
    INSERT INTO identity.signing_keys
        (kid, sealed_private_key, n, e, published_at, signs_from, signs_until, withdrawn_at)
    SELECT $1, $2, $3, $4, published_at, signs_from + interval '1 second', signs_until, withdrawn_at
    FROM identity.signing_keys LIMIT 1
"""
REFUSED = "a signing key is not used"


async def insert(databases: Databases, sealed: bytes, public: PublicKey) -> None:
    """A row whose turn it is: it began to sign after the key that is there."""
    await databases.execute("identity_owner", INSERT, public.kid, sealed, public.n, public.e)


async def insert_sealed_under(databases: Databases, key_encryption_key: str) -> str:
    private, public = generation.generate()
    await insert(databases, Sealer(key_encryption_key).seal(public.kid, private), public)
    return public.kid


async def ensure_works(identity: Identity, kid: str) -> None:
    """This key is published alone, signs, and the service is ready."""
    assert (await published_kids(identity), signing_kid(identity)) == ([kid], kid)
    assert (await identity.http.get("/readyz")).status_code == 200
    assert (await identity.http.get("/metrics")).status_code == 200
    await identity.sign_in("ada")


async def test_service_works_beside_a_key_of_another_key_encryption_key(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    kid = signing_kid(identity_at)
    await identity_at.register("ada")
    await insert_sealed_under(databases, OTHER_KEY)
    clock.advance(seconds=2)
    await identity_at.parts.keyring.check()
    await ensure_works(identity_at, kid)
    async with services.identity(databases, clock=clock) as started_later:
        await ensure_works(started_later, kid)


async def test_keys_are_rotated_beside_one_that_cannot_be_opened(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    bad = await insert_sealed_under(databases, OTHER_KEY)
    clock.advance(days=31)
    await identity_at.parts.keyring.check()
    present = signing_kid(identity_at)
    new = (await identity_at.parts.signing_keys.rotate()).kid
    assert (await Administration(identity_at.parts).withdraw_keys([bad])).signing_kid == present
    await identity_at.parts.keyring.check()
    clock.advance(days=1)
    assert signing_kid(identity_at) == new


async def test_key_that_a_process_has_opened_stays_when_its_row_is_damaged(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    kid = signing_kid(identity)
    await databases.execute("identity_owner", "UPDATE identity.signing_keys SET sealed_private_key = 'x'")
    await identity.parts.keyring.check()
    await ensure_works(identity, kid)


async def test_without_any_key_that_opens_the_service_is_unavailable_and_recovers(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    kid = signing_kid(identity)
    # A sealed key is bound to its kid: under another one it cannot be opened.
    await databases.execute("identity_owner", "UPDATE identity.signing_keys SET kid = 'another'")
    await identity.parts.keyring.reload()
    answers = [
        await identity.token(grant_type="password", username="ada", password=PASSWORD),
        await identity.http.get("/.well-known/jwks.json"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(503, "no_signing_key")] * 2
    ready = await identity.http.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["signing_key"]) == (503, "no_signing_key")
    assert (await identity.http.get("/metrics")).status_code == 200
    await databases.execute("identity_owner", "UPDATE identity.signing_keys SET kid = $1", kid)
    await identity.parts.keyring.check()
    await ensure_works(identity, kid)


async def test_row_that_cannot_be_opened_is_logged_once(
    clean_databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with services.identity(clean_databases, key_check_seconds=0.01) as identity:
        kid = await insert_sealed_under(clean_databases, OTHER_KEY)
        await until(lambda: REFUSED in caplog.text)
        await clean_databases.execute("identity_owner", "DELETE FROM identity.signing_keys WHERE kid != $1", kid)
        await until(lambda: identity.parts.keyring._keys == {})
        await insert_sealed_under(clean_databases, OTHER_KEY)
        await until(lambda: caplog.text.count(REFUSED) == 2)
    assert [record.levelname for record in caplog.records if REFUSED in record.getMessage()] == ["ERROR"] * 2
    assert "background work failed" not in caplog.text
    assert kid in caplog.text


async def test_public_key_in_a_row_is_never_published_in_the_place_of_the_sealed_one(
    identity: Identity, databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    """Someone who can write to the table cannot publish a key of their own under a kid of ours."""
    caplog.set_level(logging.WARNING)
    await identity.register("ada")
    kid, true = signing_kid(identity), identity.parts.keyring.published()
    foreign = generation.generate().public
    await databases.execute("identity_owner", "UPDATE identity.signing_keys SET n = $1", foreign.n)
    async with services.identity(databases) as started_later:
        assert started_later.parts.keyring.published() == true
        await ensure_works(started_later, kid)
    assert f"the columns n and e of the signing key {kid} are not those of the key" in caplog.messages


async def test_key_under_the_kid_of_another_is_not_used(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    kid = signing_kid(identity)
    private, public = generation.generate()
    named = PublicKey("of-my-choosing", public.n, public.e)
    await insert(databases, Sealer(KEY_ENCRYPTION_KEY).seal(named.kid, private), named)
    await identity.parts.keyring.check()
    await ensure_works(identity, kid)


async def test_stream_whose_secret_cannot_be_opened_is_tried_again_later(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    delivery = {"method": PUSH, "endpoint_url": "https://feeds.invalid/events", "authorization_header": "Bearer hush"}
    await receiver_with_stream(identity, delivery=delivery)
    await databases.execute("identity_owner", "UPDATE identity.streams SET sealed_push_authorization = 'x'")
    await cause_events(identity)

    async def has_failed() -> bool:
        (stream,) = await databases.fetch("identity_app", "SELECT failed_pushes FROM identity.streams")
        return bool(stream["failed_pushes"])

    await until(has_failed)
