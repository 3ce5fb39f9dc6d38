"""A refused sign-in does not tell by its time which accounts exist: its wait is asserted, and never a time."""

from collections.abc import AsyncIterator, Iterator

import pytest
from passlib.hash import argon2, bcrypt, bcrypt_sha256

from identity_service.password_settings import PasswordScheme
from identity_service.users import hash_kinds
from identity_service.users.hash_times import ENOUGH_SAMPLES, MOST_SECONDS, SAMPLES, HashTimes
from identity_service.users.hashing import kind_of
from identity_service.users.passwords import Passwords
from tests.identity.answers import ensure_oauth_error
from tests.identity.test_passwords import store_hash, stored_hash
from tests.support import services
from tests.support.databases import Databases
from tests.support.pauses import Pauses
from tests.support.services import PASSWORD, Identity

ARGON2ID = "$argon2id$v=19$m=19456,t=2,p=1"
UNUSABLE_HASH = "!"  # as other systems write it
OTHER_COST = argon2.using(type="ID", memory_cost=64, time_cost=1, parallelism=1).hash(PASSWORD)
BCRYPT_SHA256 = bcrypt_sha256.using(rounds=4).hash(PASSWORD)
BCRYPT = bcrypt.using(rounds=4).hash(PASSWORD)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def passwords(pauses: Pauses) -> Iterator[Passwords]:
    """A process that hashes with bcrypt, where the table also has a kind of hash that takes a second."""
    passwords = Passwords(threads=1, queue=10, rounds=4, pause=pauses)
    passwords.times.set_in_use(["slow"])
    passwords.times.record("slow", [1.0] * SAMPLES)
    yield passwords
    passwords.stop()


@pytest.fixture
async def argon2id(clean_databases: Databases) -> AsyncIterator[Identity]:
    async with services.identity(clean_databases, password_scheme="argon2id") as identity:
        yield identity


@pytest.mark.parametrize(
    "outdated", [BCRYPT_SHA256, BCRYPT, OTHER_COST], ids=["bcrypt_sha256", "bcrypt", "another cost"]
)
async def test_sign_in_moves_to_argon2id(argon2id: Identity, databases: Databases, outdated: str) -> None:
    await argon2id.register("ada")
    await store_hash(databases, outdated)
    await argon2id.sign_in("ada")
    assert (await stored_hash(databases)).startswith(f"{ARGON2ID}$")
    await argon2id.sign_in("ada")


async def test_sign_in_moves_back_to_bcrypt(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await store_hash(databases, OTHER_COST)
    refused = await identity.token(grant_type="password", username="ada", password="wrong horse battery")
    ensure_oauth_error(refused, "invalid_grant")
    await identity.sign_in("ada")
    assert (await stored_hash(databases)).startswith("$bcrypt-sha256$v=2,t=2b,r=4$")


@pytest.mark.parametrize(
    "password_hash",
    [None, BCRYPT_SHA256, BCRYPT, OTHER_COST, UNUSABLE_HASH],
    ids=["unknown user", "bcrypt_sha256", "bcrypt", "another cost", "unusable"],
)
async def test_every_refused_password_waits_for_the_slowest_kind_of_hash_in_the_table(
    passwords: Passwords, pauses: Pauses, password_hash: str | None
) -> None:
    assert await passwords.verify("wrong horse battery", password_hash) == (False, None)
    [seconds] = pauses
    assert 0 < seconds < 1


async def test_right_password_waits_only_if_it_is_refused(passwords: Passwords, pauses: Pauses) -> None:
    assert await passwords.verify(PASSWORD, BCRYPT_SHA256) == (True, None)
    assert pauses == []
    assert await passwords.verify(PASSWORD, BCRYPT_SHA256, is_refused=True) == (True, None)
    [seconds] = pauses
    assert 0 < seconds < 1


async def test_refused_right_password_gets_no_replacement_which_would_cost_another_hash(passwords: Passwords) -> None:
    assert (await passwords.verify(PASSWORD, OTHER_COST))[1] is not None
    assert await passwords.verify(PASSWORD, OTHER_COST, is_refused=True) == (True, None)


async def test_password_in_two_forms_waits_for_two_hashes(passwords: Passwords, pauses: Pauses) -> None:
    await passwords.verify("pa\u0308ssword of Ada", None)
    [seconds] = pauses
    assert 1 < seconds < 2


async def test_wait_holds_no_thread(passwords: Passwords, pauses: Pauses, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = []

    async def pause(_: float) -> None:
        jobs.append(passwords.queue.jobs())

    monkeypatch.setattr(passwords, "_pause", pause)
    await passwords.verify("wrong horse battery", None)
    assert jobs == [{"running": 0, "waiting": 0}]


async def test_disabled_account_is_refused_as_an_unknown_one(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch, pauses: Pauses
) -> None:
    await identity.register("ada")
    await databases.execute("identity_owner", "UPDATE identity.users SET is_active = false")
    monkeypatch.setattr(identity.parts.passwords, "_pause", pauses)
    for username in ("ada", "nobody"):
        refused = await identity.token(grant_type="password", username=username, password=PASSWORD)
        ensure_oauth_error(refused, "invalid_grant")
    assert len(pauses) == 2


async def test_look_finds_one_example_of_each_kind(identity: Identity, databases: Databases) -> None:
    hashes = {"ada": BCRYPT, "eve": BCRYPT, "mia": OTHER_COST, "zoe": UNUSABLE_HASH}
    for username, password_hash in hashes.items():
        await identity.register(username)
        where = "UPDATE identity.users SET password_hash = $1 WHERE username = $2"
        await databases.execute("identity_owner", where, password_hash, username)
    async with identity.parts.database.begin() as db:
        examples = await hash_kinds.examples(db)
    assert examples == {"$2b$04": BCRYPT, "$argon2id$v=19$m=64,t=1,p=1": OTHER_COST}


async def test_kinds_of_which_little_is_known_are_measured(passwords: Passwords) -> None:
    examples = {str(kind_of(example)): example for example in (BCRYPT, OTHER_COST)}
    for _ in range(ENOUGH_SAMPLES):
        assert all(passwords.times.needs_sample(kind) for kind in examples)
        await passwords.learn(examples)
    assert not any(passwords.times.needs_sample(kind) for kind in examples)
    assert 0 < passwords.times.slowest() < 1


def test_only_the_kinds_that_the_table_has_are_waited_for() -> None:
    times = HashTimes()
    assert times.slowest() == 0
    times.record("fast", [0.1])
    times.record("slow", [0.4] * 10)
    times.set_in_use(["fast", "slow", "never measured"])
    assert times.slowest() == 0.4
    times.set_in_use(["fast"])
    assert times.slowest() == 0.1


def test_one_slow_hash_is_not_the_usual_one_and_no_wait_is_endless() -> None:
    times = HashTimes()
    times.set_in_use(["usual"])
    times.record("usual", [0.4] * 9 + [9.0])
    assert times.slowest() == 0.4
    times.record("usual", [100.0] * SAMPLES)
    assert times.slowest() == MOST_SECONDS


def test_scheme_is_bcrypt_unless_a_setting_says_otherwise() -> None:
    assert Passwords(threads=1, queue=1, rounds=4)._hasher.hash(PASSWORD).startswith("$bcrypt-sha256$")
    passwords = Passwords(threads=1, queue=1, rounds=4, scheme=PasswordScheme.ARGON2ID)
    assert passwords._hasher.hash(PASSWORD).startswith(f"{ARGON2ID}$")
