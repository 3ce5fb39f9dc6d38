"""A password is the same in every spelling of Unicode, and so is an e-mail address."""

import unicodedata
from collections.abc import Callable

import httpx
import pytest
from passlib.hash import bcrypt, bcrypt_sha256

from identity_service.administration import AccountDraft, Administration
from identity_service.users.passwords import Passwords
from tests.identity.answers import pointers, statuses
from tests.identity.signing_on import submit
from tests.identity.test_passwords import store_hash, stored_hash
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer

COMPOSED = unicodedata.normalize("NFC", "pässphräse, lång ångström")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
SPACES = COMPOSED.replace(" ", "\u00a0").replace("ä", "a\u0308")
ROUNDS = "$bcrypt-sha256$v=2,t=2b,r=4$"


@pytest.mark.parametrize("written", [COMPOSED, DECOMPOSED, SPACES], ids=["NFC", "NFD", "no-break spaces"])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, SPACES], ids=["NFC", "NFD", "no-break spaces"])
async def test_password_is_right_in_any_spelling(identity: Identity, written: str, typed: str) -> None:
    await identity.register("ada", written)
    await identity.sign_in("ada", typed)
    assert (await submit(identity, "/sign-in", login="ada", password=typed)).status_code == 303


async def test_changed_password_is_right_in_any_spelling(identity: Identity) -> None:
    await identity.register("ada", COMPOSED)
    signed_in = await identity.sign_in("ada", COMPOSED, resource=IDENTITY_URL)
    headers = bearer(signed_in["access_token"])
    change = {"current_password": DECOMPOSED, "new_password": f"{DECOMPOSED} 2"}
    assert (await identity.http.put("/users/me/password", json=change, headers=headers)).status_code == 204
    await identity.sign_in("ada", f"{COMPOSED} 2")


async def test_password_of_an_administrator_is_right_in_any_spelling(identity: Identity) -> None:
    await Administration(identity.parts).create_administrator(AccountDraft("root", "root@example.com", DECOMPOSED))
    await identity.sign_in("root", COMPOSED)


async def test_another_password_stays_wrong(identity: Identity) -> None:
    await identity.register("ada", COMPOSED)
    # Alike to a reader, and not equivalent in Unicode.
    wrong = [COMPOSED.replace("ss", "ß"), COMPOSED.upper(), COMPOSED.replace(" ", "")]
    answers = [await identity.token(grant_type="password", username="ada", password=one) for one in wrong]
    assert statuses(answers) == {400: len(wrong)}


@pytest.mark.parametrize("scheme", [bcrypt.using(rounds=4), bcrypt_sha256.using(rounds=4)], ids=["bcrypt", "sha256"])
async def test_hash_of_another_spelling_is_replaced_at_sign_in(
    identity: Identity, databases: Databases, scheme: type[bcrypt]
) -> None:
    await identity.register("ada")
    await store_hash(databases, old := scheme.hash(DECOMPOSED))
    refused = await identity.token(grant_type="password", username="ada", password=COMPOSED)
    assert (refused.status_code, await stored_hash(databases)) == (400, old)
    await identity.sign_in("ada", DECOMPOSED)
    assert (replaced := await stored_hash(databases)).startswith(ROUNDS)
    await identity.sign_in("ada", COMPOSED)
    await identity.sign_in("ada", DECOMPOSED)
    assert await stored_hash(databases) == replaced


async def test_current_password_is_right_in_the_spelling_of_an_old_hash(
    identity: Identity, databases: Databases
) -> None:
    headers = await identity.signed_in("ada")
    await store_hash(databases, bcrypt_sha256.using(rounds=4).hash(DECOMPOSED))
    change = {"current_password": DECOMPOSED, "new_password": f"{COMPOSED} 2"}
    assert (await identity.http.put("/users/me/password", json=change, headers=headers)).status_code == 204


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED], ids=["NFC", "NFD"])
async def test_wrong_password_takes_as_many_hashes_as_an_unknown_user(
    monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    passwords = Passwords(threads=1, queue=10, rounds=4)
    context = passwords._hasher._context
    hashes: list[str] = []

    def counted(name: str) -> Callable[..., object]:
        method = getattr(context, name)

        def count(*arguments: object) -> object:
            hashes.append(name)
            return method(*arguments)

        return count

    monkeypatch.setattr(context, "verify", counted("verify"))
    taken = []
    other = bcrypt.using(rounds=4).hash("another password")
    for password_hash in (None, other, bcrypt_sha256.using(rounds=4).hash("another password")):
        assert await passwords.verify(typed, password_hash) == (False, None)
        taken.append(len(hashes))
        hashes.clear()
    passwords.stop()
    assert taken == [1 if typed == COMPOSED else 2] * 3


async def register(identity: Identity, password: str) -> httpx.Response:
    body = {"username": "ada", "email": "ada@example.com", "password": password}
    return await identity.http.post("/users", json=body)


LONGEST = "".join(chr(ord("à") + number % 6) for number in range(128)) * 2


async def test_length_is_counted_in_the_form_that_is_hashed(identity: Identity) -> None:
    short = unicodedata.normalize("NFD", "äöüåéèç")
    assert pointers(await register(identity, short)) == ["/body/password"]
    assert pointers(await register(identity, LONGEST + "x")) == ["/body/password"]
    assert pointers(await register(identity, "x" * 500_000)) == ["/body/password"]
    await Administration(identity.parts).create_administrator(
        AccountDraft("root", "root@example.com", COMPOSED + LONGEST[:200])
    )
    await identity.sign_in("root", unicodedata.normalize("NFD", COMPOSED + LONGEST[:200]))


ADDRESS = unicodedata.normalize("NFC", "ådä@bücher.example")


@pytest.mark.parametrize(
    "typed", [ADDRESS, unicodedata.normalize("NFD", ADDRESS), "ådä@xn--bcher-kva.example", "ÅDÄ@BÜCHER.example"]
)
async def test_email_address_signs_in_in_any_spelling(identity: Identity, typed: str) -> None:
    body = {"username": "ada", "email": ADDRESS, "password": COMPOSED}
    assert (await identity.http.post("/users", json=body)).status_code == 201
    await identity.sign_in(typed, COMPOSED)
    again = {**body, "username": "eve", "email": typed}
    assert (await identity.http.post("/users", json=again)).status_code == 409
