"""What is asked of the identity service to learn which accounts exist: each about somebody, and about nobody."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode

from passlib.hash import argon2, bcrypt_sha256

from tests.support.databases import Databases
from tests.support.services import PASSWORD

WRONG_PASSWORD = "staple trombone violin"
BCRYPT, ARGON2ID, DISABLED, AWAITING, NOBODY = "bcrypt", "argon2id", "disabled", "awaiting", "nobody"
INSERT = """
INSERT INTO identity.users (username, email, password_hash, is_active, awaits_verification)
SELECT $1::text || n, $1::text || n || '@example.com', $2, $1 <> 'disabled', $1 = 'awaiting'
FROM generate_series(1, $3::int) AS n
"""


class Call(NamedTuple):
    """One request: a POST of this body."""

    path: str
    body: str
    media_type: str


Calls = Callable[[int], Call]
"""The request with this number; each number names another account."""


class Question(NamedTuple):
    """Requests whose answers must not tell the known ones from the unknown one. `status` is that of every answer."""

    unknown: Calls
    known: Mapping[str, Calls]
    status: int


async def insert_accounts(databases: Databases, count: int) -> None:
    """Make so many accounts of each kind, with hashes of the costs that the service has by default."""
    hashes = dict.fromkeys((BCRYPT, DISABLED, AWAITING), bcrypt_sha256.using(rounds=12).hash(PASSWORD))
    hashes[ARGON2ID] = argon2.using(type="ID", memory_cost=19_456, time_cost=2, parallelism=1).hash(PASSWORD)
    for kind, password_hash in hashes.items():
        await databases.execute("identity_owner", INSERT, kind, password_hash, count)


def sign_in(kind: str, password: str = WRONG_PASSWORD) -> Calls:
    """Sign-ins by the password grant, each for another account of this kind."""

    def call(number: int) -> Call:
        form = {"grant_type": "password", "username": f"{kind}{number}", "password": password}
        return Call("/oauth/token", urlencode(form), "application/x-www-form-urlencoded")

    return call


def registration(kind: str) -> Calls:
    """Registrations of names that are free, with the address of another account of this kind."""

    def call(number: int) -> Call:
        body = {"username": f"new-{kind}{number}", "email": f"{kind}{number}@example.com", "password": PASSWORD}
        return Call("/users", json.dumps(body), "application/json")

    return call


def letter(path: str, kind: str) -> Calls:
    """Requests for a letter to the address of another account of this kind."""
    return lambda number: Call(path, json.dumps({"email": f"{kind}{number}@example.com"}), "application/json")


SIGN_IN = Question(
    sign_in(NOBODY),
    {
        "sign-in, wrong password, bcrypt": sign_in(BCRYPT),
        "sign-in, wrong password, argon2id": sign_in(ARGON2ID),
        "sign-in, right password, disabled": sign_in(DISABLED, PASSWORD),
        "sign-in, right password, awaits verification": sign_in(AWAITING, PASSWORD),
    },
    HTTPStatus.BAD_REQUEST,
)
REGISTRATION = Question(
    registration(NOBODY), {"registration, taken address": registration(BCRYPT)}, HTTPStatus.ACCEPTED
)
PASSWORD_RESET = Question(
    letter("/password-resets", NOBODY),
    {"password reset": letter("/password-resets", BCRYPT)},
    HTTPStatus.ACCEPTED,
)
VERIFICATION = Question(
    letter("/email-verifications", NOBODY),
    {"verification, asked again": letter("/email-verifications", AWAITING)},
    HTTPStatus.ACCEPTED,
)
