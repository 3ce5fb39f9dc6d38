"""A key that one process makes is known to every other process at once, and costs them little."""

import asyncio
from collections.abc import Sequence

import pytest

from identity_service.keys import keyring
from identity_service.keys.keyring import Keyring
from identity_service.keys.models import SigningKey
from identity_service.keys.service import SigningKeys
from tests.identity.signing import signing_kid
from tests.identity.test_key_withdrawal import withdraw
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.auth.errors import UnknownKey
from watchword.database.errors import DatabaseUnavailable


class CountedKeys(SigningKeys):
    """The table of signing keys, which counts how often it is read, and can fail."""

    readings = 0
    fails = False

    async def load(self) -> Sequence[SigningKey]:
        self.readings += 1
        if self.fails:
            raise DatabaseUnavailable("the table cannot be read")
        return await super().load()


@pytest.fixture
def counted(identity: Identity) -> CountedKeys:
    parts = identity.parts
    return CountedKeys(parts.database, parts.sealer, parts.schedule, parts.clock)


@pytest.fixture
def replica(identity: Identity, counted: CountedKeys) -> Keyring:
    """The keyring of another process, which has read nothing."""
    return Keyring(counted, identity.parts.sealer, identity.parts.schedule, identity.parts.clock)


async def test_tokens_of_a_key_that_was_made_a_moment_ago_are_accepted_by_every_replica(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    async with services.identity(databases) as other:
        for _ in range(2):
            await withdraw(identity, signing_kid(identity))
            tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
            headers = bearer(tokens["access_token"])
            assert (await other.http.get("/users/me", headers=headers)).status_code == 200
            assert (await other.refresh(tokens["refresh_token"])).status_code == 200


async def test_many_unknown_kids_at_once_cause_one_reading(replica: Keyring, counted: CountedKeys) -> None:
    refusals = await asyncio.gather(*(replica.get(f"unknown-{n}") for n in range(50)), return_exceptions=True)
    assert {type(refusal) for refusal in refusals} == {UnknownKey}
    assert counted.readings == 1


async def test_an_unknown_kid_waits_for_its_reading_until_the_pause_is_over(
    replica: Keyring, counted: CountedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "UNKNOWN_KID_PAUSE_SECONDS", 3_600.0)
    with pytest.raises(UnknownKey):
        await replica.get("unknown")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(replica.get("unknown"), 0.5)
    assert counted.readings == 1
    await replica.stop()
    monkeypatch.setattr(keyring, "UNKNOWN_KID_PAUSE_SECONDS", 0.0)
    with pytest.raises(UnknownKey):
        await replica.get("unknown")


async def test_a_kid_is_not_refused_because_the_table_cannot_be_read(replica: Keyring, counted: CountedKeys) -> None:
    counted.fails = True
    for _ in range(2):
        answers = await asyncio.gather(*(replica.get(f"unknown-{n}") for n in range(5)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {DatabaseUnavailable}
    counted.fails = False
    with pytest.raises(UnknownKey):
        await replica.get("unknown")
