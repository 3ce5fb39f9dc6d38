"""What an authenticator answers is believed once, for what it was asked for, and at this service alone."""

import asyncio
import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from identity_service.factors import passkeys, repository
from identity_service.factors.ceremonies import Ceremonies
from identity_service.factors.challenges import LIFETIME, Purpose
from identity_service.factors.models import Passkey
from identity_service.factors.passkey_errors import PasskeyCopied, PasskeyRefused, PasskeysUnavailable
from identity_service.factors.unverified_answers import MAX_ANSWER_BYTES, credential_id_of
from identity_service.users import repository as users
from identity_service.users.models import User
from tests.support.authenticator import (
    BACKED_UP,
    BACKUP_ELIGIBLE,
    PRESENT_AND_VERIFIED,
    USER_PRESENT,
    USER_VERIFIED,
    Algorithm,
    Authenticator,
)
from tests.support.services import IDENTITY_URL, Identity
from watchword.testing import StandingClock


class Person:
    """Somebody who has an account at the service, and the ceremonies that their authenticator takes part in."""

    def __init__(self, identity: Identity, user_id: UUID) -> None:
        self.id = user_id
        self._database = identity.parts.database
        self.ceremonies = identity.parts.factors.ceremonies
        self._clock = identity.parts.clock

    async def registration_options(self) -> dict[str, Any]:
        async with self._database.begin() as db:
            user = await users.find(db, self.id)
            assert user is not None
            return self.ceremonies.registration_options(user, await repository.list_passkeys(db, self.id))

    async def keep(self, credential: Any) -> Passkey:
        """Register what an authenticator has made."""
        async with self._database.begin() as db:
            made = await self.ceremonies.accept_registration(db, self.id, credential, "a key", self._clock.now())
            passkey = await passkeys.insert_unless_known(db, made)
            assert passkey is not None
            return passkey

    async def registered(self, authenticator: Authenticator | None = None) -> Authenticator:
        """The authenticator with a passkey of this person."""
        holder, credential = (authenticator or Authenticator.of(IDENTITY_URL)).register(
            await self.registration_options()
        )
        await self.keep(credential)
        return holder

    def options(self, purpose: Purpose = Purpose.SIGN_IN) -> dict[str, Any]:
        return self.ceremonies.assertion_options(purpose, self.id)

    async def prove(self, credential: Any, purpose: Purpose = Purpose.SIGN_IN) -> Passkey:
        async with self._database.begin() as db:
            await users.find_for_update(db, self.id)
            return await self.ceremonies.accept_assertion(db, credential, purpose, self.id, self._clock.now())


def without_counter(holder: Authenticator) -> Authenticator:
    """The authenticator if it counts nothing, as those of synchronized passkeys: its next answer shows 0."""
    return replace(holder, counter=[-1])


@pytest.fixture
async def ada(identity_at: Identity) -> Person:
    return Person(identity_at, UUID(await identity_at.register("ada")))


@pytest.fixture
async def eve(identity_at: Identity) -> Person:
    return Person(identity_at, UUID(await identity_at.register("eve")))


@pytest.mark.parametrize("algorithm", list(Algorithm), ids=lambda algorithm: algorithm.name)
async def test_passkey_of_each_algorithm_is_registered_and_used(ada: Person, algorithm: Algorithm) -> None:
    synced = replace(
        Authenticator.of(IDENTITY_URL, algorithm), flags=PRESENT_AND_VERIFIED | BACKUP_ELIGIBLE, transports=("hybrid",)
    )
    holder, credential = synced.register(await ada.registration_options())
    made = await ada.keep(credential)
    assert (made.user_id, made.credential_id, made.public_key) == (ada.id, holder.credential_id, holder.public_key())
    assert (made.is_backup_eligible, made.is_backed_up, made.transports) == (True, False, ["hybrid"])
    used = await ada.prove(replace(holder, flags=holder.flags | BACKED_UP).use(ada.options()))
    assert (used.id, used.sign_count, used.is_backed_up) == (made.id, 1, True)
    assert used.last_used_at is not None


async def test_answer_may_be_the_text_of_the_object(ada: Person) -> None:
    holder = await ada.registered()
    assert (await ada.prove(json.dumps(holder.use(ada.options())))).sign_count == 1


async def test_options_ask_for_a_passkey_that_verifies_the_person(ada: Person) -> None:
    holder = await ada.registered()
    options = await ada.registration_options()
    assert options["rp"]["id"] == "localhost"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert [param["alg"] for param in options["pubKeyCredParams"]] == [-7, -257, -8]
    assert [known["id"] for known in options["excludeCredentials"]] == [holder.use(ada.options())["id"]]
    assert ada.options()["userVerification"] == "required"
    assert ada.options()["challenge"] != ada.options()["challenge"]


WRONG: dict[str, dict[str, Any]] = {
    "foreign origin": {"origin": "http://evil.example:8001"},
    "other port": {"origin": "http://localhost:8002"},
    "other RP id": {"rp_id": "evil.example"},
    "nobody was verified": {"flags": USER_PRESENT},
    "nobody was present": {"flags": USER_VERIFIED},
    "in a frame": {"client_data": {"crossOrigin": True}},
    "another ceremony": {"client_data": {"type": "webauthn.something"}},
    "no challenge of ours": {"client_data": {"challenge": "AAAA"}},
    "challenge is no text": {"client_data": {"challenge": 5}},
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_registration_is_refused(ada: Person, wrong: str) -> None:
    authenticator = replace(Authenticator.of(IDENTITY_URL), **WRONG[wrong])
    _, credential = authenticator.register(await ada.registration_options())
    with pytest.raises(PasskeyRefused):
        await ada.keep(credential)


@pytest.mark.parametrize(
    "wrong",
    {
        **WRONG,
        "another key": {"key": Authenticator.of(IDENTITY_URL).key},
        "unknown credential": {"credential_id": b"unknown"},
        "another user's handle": {"user_handle": b"somebody else"},
        "no handle at a sign-in": {"user_handle": None},
        "can be copied now": {"flags": PRESENT_AND_VERIFIED | BACKUP_ELIGIBLE},
        "is a copy, which it could not be": {"flags": PRESENT_AND_VERIFIED | BACKED_UP},
    }.items(),
    ids=lambda wrong: wrong[0],
)
async def test_use_is_refused(ada: Person, wrong: tuple[str, dict[str, Any]]) -> None:
    holder = await ada.registered()
    with pytest.raises(PasskeyRefused):
        await ada.prove(replace(holder, **wrong[1]).use(ada.options()))
    assert (await ada.prove(holder.use(ada.options()))).sign_count == 2


async def test_answer_is_believed_once(ada: Person) -> None:
    answer = without_counter(await ada.registered()).use(ada.options())
    answers = await asyncio.gather(*(ada.prove(answer) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, Passkey) for one in answers) == 1
    assert sum(isinstance(one, PasskeyRefused) for one in answers) == 19


async def test_replayed_answer_of_an_authenticator_without_a_counter_is_refused(ada: Person) -> None:
    answer = without_counter(await ada.registered()).use(ada.options())
    assert (await ada.prove(answer)).sign_count == 0
    with pytest.raises(PasskeyRefused, match="answered before"):
        await ada.prove(answer)


async def test_registration_is_believed_once(ada: Person) -> None:
    _, credential = Authenticator.of(IDENTITY_URL).register(await ada.registration_options())
    await ada.keep(credential)
    with pytest.raises(PasskeyRefused, match="answered before"):
        await ada.keep(credential)


async def test_challenge_expires(ada: Person, clock: StandingClock) -> None:
    holder = await ada.registered()
    in_time, late = holder.use(ada.options()), holder.use(ada.options())
    clock.advance(seconds=(LIFETIME - timedelta(seconds=2)).total_seconds())
    await ada.prove(in_time)
    clock.advance(seconds=2)
    with pytest.raises(PasskeyRefused, match="expired"):
        await ada.prove(late)


async def test_challenge_is_for_one_purpose_and_one_person(ada: Person, eve: Person) -> None:
    holder = await ada.registered()
    for purpose in (Purpose.REGISTRATION, Purpose.SIGN_IN):
        with pytest.raises(PasskeyRefused, match="another purpose"):
            await ada.prove(holder.use(ada.options(purpose)), Purpose.SECOND_FACTOR)
    with pytest.raises(PasskeyRefused, match="another purpose"):
        await ada.prove(holder.use(eve.options(Purpose.SECOND_FACTOR)), Purpose.SECOND_FACTOR)
    _, credential = Authenticator.of(IDENTITY_URL).register(await ada.registration_options())
    with pytest.raises(PasskeyRefused, match="another purpose"):
        await eve.keep(credential)


async def test_passkey_proves_nobody_but_its_owner(ada: Person, eve: Person) -> None:
    holder = await ada.registered()
    for purpose in (Purpose.SIGN_IN, Purpose.SECOND_FACTOR):
        answer = replace(holder, user_handle=eve.id.bytes).use(eve.options(purpose))
        with pytest.raises(PasskeyRefused, match="somebody else's"):
            await eve.prove(answer, purpose)


async def test_counter_that_goes_back_is_a_refusal_of_its_own(ada: Person) -> None:
    holder = await ada.registered()
    await ada.prove(replace(holder, counter=[6]).use(ada.options()))
    for before in (6, 5, -1):
        with pytest.raises(PasskeyCopied):
            await ada.prove(replace(holder, counter=[before]).use(ada.options()))
    assert (await ada.prove(replace(holder, counter=[7]).use(ada.options()))).sign_count == 8


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8001", "http://[::1]:8001"])
def test_there_are_no_passkeys_at_an_address(identity_at: Identity, issuer: str) -> None:
    ceremonies = Ceremonies(issuer, identity_at.parts.digests, identity_at.parts.clock)
    assert not ceremonies.are_available
    with pytest.raises(PasskeysUnavailable):
        ceremonies.assertion_options(Purpose.SIGN_IN)
    with pytest.raises(PasskeysUnavailable):
        ceremonies.registration_options(User(id=UUID(int=1), username="ada", full_name=None), ())


DAMAGE: dict[str, Any] = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "deep": "[" * 5_000,
    "deep object": '{"response":' * 1_300,
    "no members": {},
    "number": {"id": 5},
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_what_is_no_answer_is_refused(ada: Person, damage: str) -> None:
    with pytest.raises(PasskeyRefused):
        await ada.keep(DAMAGE[damage])
    with pytest.raises(PasskeyRefused):
        await ada.prove(DAMAGE[damage])
    with pytest.raises(PasskeyRefused):
        credential_id_of(DAMAGE[damage])


@pytest.mark.parametrize("form", [dict, json.dumps], ids=["object", "text"])
async def test_answer_longer_than_any_is_refused_before_it_is_read(ada: Person, form: Any) -> None:
    """CBOR can be written so that a megabyte of it takes a minute."""
    long, too_long = ({"clientExtensionResults": {"x": "x" * size}} for size in (15_000, MAX_ANSWER_BYTES))
    holder, attestation = Authenticator.of(IDENTITY_URL).register(await ada.registration_options())
    with pytest.raises(PasskeyRefused, match="longer than any answer"):
        await ada.keep(form(attestation | too_long))
    await ada.keep(form(attestation | long))
    assertion = holder.use(ada.options())
    with pytest.raises(PasskeyRefused, match="longer than any answer"):
        await ada.prove(form(assertion | too_long))
    await ada.prove(form(assertion | long))


async def test_transport_is_kept_once_however_often_it_is_named(ada: Person) -> None:
    """Every page that asks for the passkey has its transports."""
    authenticator = replace(Authenticator.of(IDENTITY_URL), transports=("usb", "nfc") * 500)
    _, credential = authenticator.register(await ada.registration_options())
    assert (await ada.keep(credential)).transports == ["usb", "nfc"]


async def test_transport_that_only_another_release_of_the_library_knows_keeps_nobody_out(ada: Person) -> None:
    holder = await ada.registered()
    passkey = await ada.prove(holder.use(ada.options()))
    passkey.transports = ["smoke-signals", "usb"]
    options = ada.ceremonies.assertion_options(Purpose.SECOND_FACTOR, ada.id, [passkey])
    assert [known["transports"] for known in options["allowCredentials"]] == [["usb"]]


BYTES = [
    b"",
    b"\x00",
    b"\xff" * 40,
    b"\x81" * 10_000,
    b"\x9b" + b"\xff" * 8,
    b"\xbb\x7f" + b"\xff" * 7,
    b"\xd8\x23\x61(",
]
MEMBERS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]


@pytest.mark.parametrize("member", MEMBERS)
async def test_damaged_member_is_refused(ada: Person, member: str) -> None:
    holder = await ada.registered()
    values: list[Any] = [
        None,
        5,
        [],
        {},
        "ä",
        "\ud800",
        "=",
        *(data.hex() for data in BYTES),
        *(urlsafe_b64encode(data).decode() for data in BYTES),
    ]
    for value in values:
        _, attestation = Authenticator.of(IDENTITY_URL).register(await ada.registration_options())
        attestation["response"][member] = value
        assertion = holder.use(ada.options())
        assertion["response"][member] = value
        if member in ("clientDataJSON", "attestationObject"):
            with pytest.raises(PasskeyRefused):
                await ada.keep(attestation)
        if member != "attestationObject":
            with pytest.raises(PasskeyRefused):
                await ada.prove(assertion)
