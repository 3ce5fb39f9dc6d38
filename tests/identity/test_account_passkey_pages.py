"""Adding, renaming and removing passkeys on pages."""

import json
import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity_service.factors.ceremonies import MOST_PASSKEYS
from tests.identity.browsing import Browsing, browsing, leads_to_sign_in
from tests.identity.security_pages import PASSKEYS, SECURITY, codes_on
from tests.support import services
from tests.support.authenticator import Authenticator
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity
from watchword.testing import StandingClock

NAMES = "SELECT name FROM identity.passkeys ORDER BY id"
IDS = "SELECT id FROM identity.passkeys ORDER BY id"
COPIES = """
    INSERT INTO identity.passkeys SELECT uuidv7(), user_id, uuid_send(gen_random_uuid()), public_key, sign_count,
    is_backup_eligible, is_backed_up, transports, aaguid, name, created_at, last_used_at
    FROM identity.passkeys, generate_series(2, $1)
"""
_OPTIONS = re.compile(r"data-options='([^']+)'")


@pytest.fixture
async def ada(browser: Browsing) -> Browsing:
    """The browser of Ada, who has signed on a moment ago."""
    await browser.sign_on()
    return browser


async def answer_to(page: str, authenticator: Authenticator | None = None) -> str:
    """What an authenticator answers to the options on the page, as the script sends it."""
    (options,) = _OPTIONS.findall(page)
    _, credential = (authenticator or Authenticator.of(IDENTITY_URL)).register(json.loads(unescape(options)))
    return json.dumps(credential)


async def add(browser: Browsing, **fields: str) -> Any:
    """Add a passkey on the page, and return the answer."""
    return await browser.send(PASSKEYS, {"credential": await answer_to(await browser.open(PASSKEYS)), **fields})


async def names(databases: Databases) -> list[str]:
    return [row["name"] for row in await databases.fetch("identity_owner", NAMES)]


async def only_id(databases: Databases) -> UUID:
    (row,) = await databases.fetch("identity_owner", IDS)
    return UUID(str(row["id"]))


async def test_the_first_passkey_brings_recovery_codes_and_a_further_one_a_notice(
    ada: Browsing, databases: Databases
) -> None:
    first = await add(ada, passkey_name="Telephone")
    assert (first.status_code, len(codes_on(first.text))) == (200, 10)
    second = await add(ada)
    assert (second.status_code, second.headers["Location"]) == (303, f"{SECURITY}?done=passkey-added")
    page = await ada.open(second.headers["Location"])
    assert ("The passkey is added" in page, "<li>Telephone</li>" in page) == (True, True)
    assert await names(databases) == ["Telephone", "python-httpx"]


async def test_the_page_runs_our_script_and_nothing_else(ada: Browsing) -> None:
    answer = await ada.http.get(PASSKEYS)
    policy = answer.headers["Content-Security-Policy"]
    assert ("script-src 'self'" in policy, "connect-src" in policy) == (True, False)
    assert len(re.findall(r"<script", answer.text)) == 1
    assert "script-src" not in (await ada.http.get(SECURITY)).headers["Content-Security-Policy"]


async def test_an_answer_counts_once_and_what_is_none_adds_nothing(ada: Browsing, databases: Databases) -> None:
    page = await ada.open(PASSKEYS)
    fields = {"credential": await answer_to(page)}
    other_origin = await answer_to(page, Authenticator.of("http://localhost:9999"))
    for credential in ("", "{", "null", "[]", other_origin):
        answer = await ada.send(PASSKEYS, {"credential": credential, "passkey_name": "Telephone"})
        assert (answer.status_code, "could not be added" in answer.text) == (422, True), answer.text
        assert 'value="Telephone"' in answer.text
    assert await names(databases) == []
    assert (await ada.send(PASSKEYS, fields)).status_code == 200
    assert (await ada.send(PASSKEYS, fields)).status_code == 422
    assert len(await names(databases)) == 1


@pytest.mark.parametrize("name", ["\u202eevil", " \u200b ", "a" * 65], ids=["direction", "invisible", "long"])
async def test_a_name_that_nobody_could_read_is_refused(ada: Browsing, databases: Databases, name: str) -> None:
    answer = await add(ada, passkey_name=name)
    assert (answer.status_code, await names(databases)) == (422, [])
    await add(ada, passkey_name="Telephone")
    path = f"{PASSKEYS}/{await only_id(databases)}"
    assert (await ada.send(path, {"passkey_name": name})).status_code == 422
    assert await names(databases) == ["Telephone"]


async def test_a_passkey_is_renamed(ada: Browsing, databases: Databases) -> None:
    await add(ada, passkey_name="Telephone")
    path = f"{PASSKEYS}/{await only_id(databases)}"
    assert 'value="Telephone"' in await ada.open(path)
    missing = await ada.send(path, {"passkey_name": ""})
    assert (missing.status_code, "Enter a name." in missing.text) == (422, True)
    answer = await ada.send(path, {"passkey_name": "<b>My phone"})
    assert answer.headers["Location"] == f"{SECURITY}?done=passkey-renamed"
    assert "&lt;b&gt;My phone" in await ada.open(answer.headers["Location"])
    assert await names(databases) == ["<b>My phone"]


async def test_the_last_passkey_is_removed_after_a_warning_and_another_one_without(
    ada: Browsing, databases: Databases
) -> None:
    await add(ada, passkey_name="Telephone")
    await add(ada, passkey_name="Key")
    warning = "whoever learns your password can sign in"
    for name, is_last in (("Telephone", False), ("Key", True)):
        row = (await databases.fetch("identity_owner", IDS))[0]
        path = f"{PASSKEYS}/{row['id']}/removal"
        page = await ada.open(path)
        assert (f"{name} does not sign you in any more" in page, warning in page) == (True, is_last)
        assert len(await names(databases)) == 1 + (not is_last)
        assert (await ada.send(path)).headers["Location"] == f"{SECURITY}?done=passkey-removed"
    assert await names(databases) == []
    assert (await ada.send(path)).status_code == 404


async def test_nobody_sees_or_changes_the_passkey_of_somebody_else(
    ada: Browsing, identity_at: Identity, databases: Databases
) -> None:
    await add(ada, passkey_name="Telephone")
    path = f"{PASSKEYS}/{await only_id(databases)}"
    async with browsing(identity_at, "bob") as bob:
        for page in (path, f"{path}/removal", f"{PASSKEYS}/{uuid4()}"):
            assert "Your account has no such passkey." in await bob.open(page, 404)
        assert (await bob.send(path, {"passkey_name": "Mine"})).status_code == 404
        assert (await bob.send(f"{path}/removal")).status_code == 404
        assert "Telephone" not in await bob.open(PASSKEYS)
    assert await names(databases) == ["Telephone"]


async def test_who_has_as_many_passkeys_as_can_be_is_asked_to_remove_one(ada: Browsing, databases: Databases) -> None:
    await add(ada)
    await databases.execute("identity_owner", COPIES, MOST_PASSKEYS)
    page = await ada.open(PASSKEYS)
    assert ("Remove one first." in page, "data-passkey" in page) == (True, False)


async def test_forms_from_elsewhere_and_stale_sign_ons_change_nothing(
    ada: Browsing, clock: StandingClock, databases: Databases
) -> None:
    await add(ada, passkey_name="Telephone")
    path = f"{PASSKEYS}/{await only_id(databases)}"
    fields = {PASSKEYS: {"credential": "{}"}, path: {"passkey_name": "Mine"}, f"{path}/removal": {}}
    for page, form in fields.items():
        foreign = await ada.send(page, form, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
    clock.advance(seconds=601)
    for page, form in fields.items():
        query = "?return=/account/devices"
        assert leads_to_sign_in(await ada.send(f"{page}{query}", form), f"{page}{query}")
    assert await names(databases) == ["Telephone"]


async def test_there_are_no_passkeys_at_an_address(clean_databases: Databases) -> None:
    issuer = "http://127.0.0.1:8001"
    async with services.identity(clean_databases, issuer=issuer) as identity:
        await identity.register("ada")
        headers = {"Origin": issuer}
        async with browsing(identity) as browser:
            await browser.send("/sign-in", {"login": "ada", "password": PASSWORD}, headers=headers)
            page = await browser.open(SECURITY)
            assert ("Add an authenticator app" in page, "asskey" in page) == (True, False)
            assert (await browser.http.get(PASSKEYS)).headers["Location"] == SECURITY
