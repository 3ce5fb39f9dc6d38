"""Hashes of other systems: they sign in once, and are replaced."""

import base64
import hashlib

import pytest
from argon2.low_level import Type, hash_secret
from passlib.hash import argon2, bcrypt, bcrypt_sha256, pbkdf2_sha256, pbkdf2_sha512

from identity_service.users import hash_kinds
from identity_service.users.foreign_hashes import storable
from identity_service.users.hash_times import MOST_SECONDS, SAMPLES
from identity_service.users.passwords import Passwords
from tests.identity.answers import ensure_oauth_error
from tests.identity.importing import import_lines, line
from tests.identity.test_passwords import store_hash, stored_hash
from tests.support.databases import Databases
from tests.support.pauses import Pauses
from tests.support.services import PASSWORD, Identity

OWN = "$bcrypt-sha256$v=2,t=2b,r=4$"
CHEAP_ARGON2 = {"memory_cost": 64, "time_cost": 1, "parallelism": 1}


def django(password: str, salt: str = "aSaltOfDjango", iterations: int = 1_000) -> str:
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations)
    return f"pbkdf2_sha256${iterations}${salt}${base64.b64encode(digest).decode()}"


def early_argon2(password: str) -> str:
    """As the first release of argon2 wrote it, without a version."""
    made = hash_secret(password.encode(), b"a salt of it", 1, 64, 1, 16, Type.I, version=16)
    return made.decode().replace("$v=16", "")


HASHES = {
    "bcrypt 2b": bcrypt.using(rounds=4).hash(PASSWORD),
    "bcrypt 2a": bcrypt.using(rounds=4, ident="2a").hash(PASSWORD),
    "bcrypt 2y": bcrypt.using(rounds=4, ident="2y").hash(PASSWORD),
    "bcrypt_sha256": bcrypt_sha256.using(rounds=5).hash(PASSWORD),
    "argon2id": argon2.using(type="ID", **CHEAP_ARGON2).hash(PASSWORD),
    "argon2i": argon2.using(type="I", **CHEAP_ARGON2).hash(PASSWORD),
    "argon2d": argon2.using(type="D", **CHEAP_ARGON2).hash(PASSWORD),
    "argon2i without a version": early_argon2(PASSWORD),
    "PBKDF2 with SHA-256": pbkdf2_sha256.using(rounds=1_000).hash(PASSWORD),
    "PBKDF2 with SHA-512": pbkdf2_sha512.using(rounds=1_000).hash(PASSWORD),
    "Django": django(PASSWORD),
    "Django, a salt of other characters": django(PASSWORD, "a+/.=salt ü"),
}
SALT, DIGEST = "AAAAAAAAAAAAAAAAAAAAAA", "A" * 43
BCRYPT = f"{'.' * 22}{'.' * 31}"
REFUSED = {
    "no hash": "correct horse battery",
    "empty": "",
    "MD5": "$1$saltsalt$qjXMvbEw8oaL.CzflDugQ.",
    "SHA-512 of crypt": f"$6$rounds=5000$salt${'a' * 86}",
    "Django with SHA-1": "pbkdf2_sha1$1000$salt$4vfR3fHHGwEXVYIZmoAxsAiWs4Q=",
    "bcrypt of 15 rounds": f"$2b$15${BCRYPT}",
    "bcrypt of 3 rounds": f"$2b$03${BCRYPT}",
    "bcrypt 2x": f"$2x$04${BCRYPT}",
    "bcrypt, cut off": f"$2b$04${BCRYPT[:-1]}",
    "bcrypt_sha256 of 31 rounds": f"$bcrypt-sha256$v=2,t=2b,r=31${BCRYPT[:22]}${BCRYPT[22:]}",
    "PBKDF2 of many iterations": f"$pbkdf2-sha256$4000001${SALT}${DIGEST}",
    "PBKDF2 of a short hash": f"$pbkdf2-sha512$1000${SALT}${DIGEST}",
    "PBKDF2 of no base64": f"$pbkdf2-sha256$1000$A${DIGEST}",
    "Django of many iterations": f"pbkdf2_sha256$4000001$salt${'A' * 43}=",
    "argon2 of gigabytes": f"$argon2id$v=19$m=4194304,t=1,p=1${SALT}${DIGEST}",
    "argon2 of many passes": f"$argon2id$v=19$m=262144,t=5,p=1${SALT}${DIGEST}",
    "argon2 of many lanes": f"$argon2id$v=19$m=65536,t=1,p=17${SALT}${DIGEST}",
    "argon2 of many passes of many lanes": f"$argon2id$v=19$m=128,t=8192,p=16${SALT}${DIGEST}",
    "argon2 of a salt with bits too many": f"$argon2id$v=19$m=64,t=1,p=1${SALT[:-1]}B${DIGEST}",
    "argon2 of a hash with bits too many": f"$argon2id$v=19$m=64,t=1,p=1${SALT}${DIGEST[:-1]}B",
    "argon2 of other digits": f"$argon2id$v=19$m=6\N{ARABIC-INDIC DIGIT FOUR},t=1,p=1${SALT}${DIGEST}",
    "bcrypt of other digits": f"$2b$\N{FULLWIDTH DIGIT ZERO}\N{FULLWIDTH DIGIT FOUR}${BCRYPT}",
    "bcrypt_sha256 of a number that begins with zero": f"$bcrypt-sha256$v=2,t=2b,r=04${BCRYPT[:22]}${BCRYPT[22:]}",
    "PBKDF2 of other digits": f"$pbkdf2-sha256$100\N{ARABIC-INDIC DIGIT FOUR}${SALT}${DIGEST}",
    "argon2 of too little memory": f"$argon2id$v=19$m=8,t=1,p=2${SALT}${DIGEST}",
    "long": f"$pbkdf2-sha256$1000${'A' * 2_000}${DIGEST}",
}


@pytest.mark.parametrize("foreign", HASHES.values(), ids=HASHES)
async def test_password_signs_in_and_the_hash_is_replaced(
    identity: Identity, databases: Databases, foreign: str
) -> None:
    assert (await import_lines(identity, [line("ada", password_hash=foreign)]))[0].imported == 1
    stored = await stored_hash(databases)
    refused = await identity.token(grant_type="password", username="ada", password="wrong horse battery")
    ensure_oauth_error(refused, "invalid_grant")
    assert await stored_hash(databases) == stored
    await identity.sign_in("ada")
    replaced = await stored_hash(databases)
    assert replaced.startswith(OWN)
    await identity.sign_in("ada")
    assert await stored_hash(databases) == replaced


@pytest.mark.parametrize("foreign", HASHES.values(), ids=HASHES)
async def test_refused_sign_ins_know_its_kind(identity: Identity, databases: Databases, foreign: str) -> None:
    """Otherwise their time would tell who has such a hash: every refusal waits for the slowest kind in the table."""
    await import_lines(identity, [line("ada", password_hash=foreign)])
    async with identity.parts.database.begin() as db:
        examples = await hash_kinds.examples(db)
    assert list(examples.values()) == [await stored_hash(databases)]
    # Those of the process may have been learned meanwhile.
    passwords = Passwords(threads=1, queue=10, rounds=4)
    assert passwords.times.slowest() == 0
    await passwords.learn(examples)
    assert 0 < passwords.times.slowest() <= MOST_SECONDS
    passwords.stop()


@pytest.mark.parametrize("foreign", HASHES.values(), ids=HASHES)
async def test_wrong_password_waits_for_the_slowest_kind_in_the_table(foreign: str) -> None:
    pauses = Pauses()
    passwords = Passwords(threads=1, queue=10, rounds=4, pause=pauses)
    passwords.times.set_in_use(["slow"])
    passwords.times.record("slow", [4.0] * SAMPLES)
    assert await passwords.verify("wrong horse battery", storable(foreign)) == (False, None)
    passwords.stop()
    [seconds] = pauses
    assert 0 < seconds < 4


@pytest.mark.parametrize("foreign", REFUSED.values(), ids=REFUSED)
def test_hash_that_cannot_be_verified_in_time_is_refused(foreign: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        storable(foreign)


@pytest.mark.parametrize(
    "damaged", ["bcrypt of other digits", "argon2 of other digits", "argon2 of a salt with bits too many"]
)
async def test_sign_in_with_a_damaged_hash_is_refused_like_any_other(
    identity: Identity, databases: Databases, damaged: str
) -> None:
    """A row may have been written by other means, or before such hashes were refused."""
    await identity.register("ada")
    await store_hash(databases, REFUSED[damaged])
    refused = await identity.token(grant_type="password", username="ada", password=PASSWORD)
    ensure_oauth_error(refused, "invalid_grant")


@pytest.mark.parametrize("foreign", HASHES.values(), ids=HASHES)
def test_hash_of_a_form_of_its_own_is_stored_in_that_of_the_library(foreign: str) -> None:
    assert storable(storable(foreign)) == storable(foreign)
    assert storable(foreign).startswith("$")
