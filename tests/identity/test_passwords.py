"""How passwords are hashed, and how their strength is checked."""

import asyncio
from collections.abc import Iterator

import pytest
from passlib.hash import bcrypt, bcrypt_sha256

from identity_service.users.passwords import Passwords
from tests.identity.answers import ensure_oauth_error, statuses
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

HASHES = "SELECT password_hash FROM identity.users"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    pool = Passwords(threads=4, queue=100, rounds=4)
    yield pool
    pool.stop()


async def stored_hash(databases: Databases) -> str:
    return str((await databases.fetch("identity_app", HASHES))[0]["password_hash"])


async def store_hash(databases: Databases, password_hash: str) -> None:
    await databases.execute("identity_owner", "UPDATE identity.users SET password_hash = $1", password_hash)


OUTDATED = {
    "plain bcrypt": bcrypt.using(rounds=4).hash(PASSWORD),
    "other rounds": bcrypt_sha256.using(rounds=5).hash(PASSWORD),
}


async def test_password_is_stored_as_bcrypt_over_sha256(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    assert (await stored_hash(databases)).startswith("$bcrypt-sha256$v=2,t=2b,r=4$")


async def test_same_password_twice_has_different_hashes(passwords: Passwords) -> None:
    assert await passwords.hash(PASSWORD) != await passwords.hash(PASSWORD)


@pytest.mark.parametrize("outdated", OUTDATED.values(), ids=OUTDATED.keys())
async def test_outdated_hash_is_replaced_at_sign_in(identity: Identity, databases: Databases, outdated: str) -> None:
    await identity.register("ada")
    await store_hash(databases, outdated)
    await identity.sign_in("ada")
    replaced = await stored_hash(databases)
    assert replaced.startswith("$bcrypt-sha256$v=2,t=2b,r=4$")
    await identity.sign_in("ada")
    assert await stored_hash(databases) == replaced


async def test_outdated_hash_stays_if_the_password_is_wrong(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await store_hash(databases, OUTDATED["plain bcrypt"])
    refused = await identity.token(grant_type="password", username="ada", password="wrong horse battery")
    ensure_oauth_error(refused, "invalid_grant")
    assert await stored_hash(databases) == OUTDATED["plain bcrypt"]


async def test_every_sign_in_at_once_with_an_outdated_hash_succeeds(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await store_hash(databases, OUTDATED["plain bcrypt"])
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    assert statuses(await asyncio.gather(*(identity.token(**form) for _ in range(10)))) == {200: 10}


@pytest.mark.parametrize("length", [72, 73, 256])
async def test_long_password_is_wrong_for_an_imported_hash(
    identity: Identity, databases: Databases, length: int
) -> None:
    await identity.register("ada")
    await store_hash(databases, OUTDATED["plain bcrypt"])
    refused = await identity.token(grant_type="password", username="ada", password="x" * length)
    ensure_oauth_error(refused, "invalid_grant")
