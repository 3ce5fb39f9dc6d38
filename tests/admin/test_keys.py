"""The signing keys over HTTP: listed without their private halves, rotated, and withdrawn once they have leaked."""

import pytest

from tests.admin.audit import entries_of
from tests.admin.callers import administrator
from tests.identity.answers import ensure_problem
from tests.identity.signing import published_kids, signing_kid
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from watchword.testing import StandingClock

KEYS = "/admin/keys"
ACTS = "SELECT actor, action, subject, detail FROM identity.audit_entries WHERE action LIKE 'key%' ORDER BY id"


async def acts(databases: Databases) -> list[tuple[str, str]]:
    return [(row["action"], row["subject"]) for row in await databases.fetch("identity_app", ACTS)]


async def test_list_has_states_instants_and_what_seals_each_key(identity_at: Identity, clock: StandingClock) -> None:
    present = signing_kid(identity_at)
    headers = await administrator(identity_at)
    made = (await identity_at.http.post(KEYS, headers=headers)).json()
    answer = await identity_at.http.get(KEYS, headers=headers)
    assert answer.headers["cache-control"] == "no-store"
    items = answer.json()["items"]
    assert [(key["kid"], key["state"]) for key in items] == [(made["kid"], "published"), (present, "signing")]
    seal = identity_at.parts.sealer.present.id
    assert [(key["key_encryption_key"], key["opens"]) for key in items] == [(seal, True)] * 2
    assert items[0]["signs_from"] == items[1]["signs_until"]
    clock.advance(minutes=9)
    states = {key["kid"]: key["state"] for key in (await identity_at.http.get(KEYS, headers=headers)).json()["items"]}
    assert states == {made["kid"]: "signing", present: "verifying"}


async def test_nothing_shows_the_private_half(identity: Identity) -> None:
    headers = await administrator(identity)
    kid = signing_kid(identity)
    (row,) = await identity.parts.signing_keys.load()
    private = identity.parts.sealer.unseal(kid, row.sealed_private_key).private_numbers()
    for answer in [await identity.http.get(path, headers=headers) for path in (KEYS, f"{KEYS}/{kid}")]:
        assert answer.status_code == 200
        assert not any(str(number) in answer.text or f"{number:x}" in answer.text for number in (private.d, private.p))
        assert row.sealed_private_key.hex() not in answer.text
        assert "PRIVATE" not in answer.text.upper()


async def test_list_is_answered_in_pages(identity: Identity) -> None:
    headers = await administrator(identity)
    for _ in range(2):
        await identity.http.post(KEYS, headers=headers)
    whole = (await identity.http.get(KEYS, headers=headers)).json()
    kids, path = [], f"{KEYS}?limit=1"
    while path:
        page = await identity.http.get(path, headers=headers)
        kids += [key["kid"] for key in page.json()["items"]]
        path = page.links.get("next", {}).get("url", "")
    assert kids == [key["kid"] for key in whole["items"]]
    assert (len(kids), whole["next"]) == (3, None)


@pytest.mark.parametrize("cursor", ["", "AAAA", "c2lnbmluZyBrZXlz"])
async def test_foreign_cursor_is_refused(identity: Identity, cursor: str) -> None:
    headers = await administrator(identity)
    answer = await identity.http.get(KEYS, params={"cursor": cursor}, headers=headers)
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["invalid_cursor"]


async def test_key_that_no_setting_opens_is_listed_so(identity: Identity, databases: Databases) -> None:
    await databases.execute(
        "identity_app",
        "INSERT INTO identity.signing_keys SELECT '-damaged', '\\x00', n, e, published_at, signs_from, signs_until,"
        " withdrawn_at FROM identity.signing_keys",
    )
    headers = await administrator(identity)
    key = (await identity.http.get(f"{KEYS}/-damaged", headers=headers)).json()
    assert (key["opens"], key["key_encryption_key"], key["state"]) == (False, None, "verifying")
    # An id may begin with a hyphen.
    assert (await identity.http.delete(f"{KEYS}/-damaged", headers=headers)).status_code == 200
    assert (await identity.http.get(f"{KEYS}/-damaged", headers=headers)).json()["state"] == "compromised"


async def test_rotation_is_one_audited_act_whose_location_leads_to_the_key(
    identity: Identity, databases: Databases
) -> None:
    headers = await administrator(identity)
    made = await identity.http.post(KEYS, headers=headers)
    assert made.status_code == 201
    read = await identity.http.get(made.headers["location"], headers=headers)
    assert (read.json(), read.headers["etag"]) == (made.json(), made.headers["etag"])
    conditional = {**headers, "If-None-Match": read.headers["etag"]}
    assert (await identity.http.get(made.headers["location"], headers=conditional)).status_code == 304
    assert await acts(databases) == [("key.created", made.json()["kid"])]
    await identity.parts.keyring.check()
    assert made.json()["kid"] in await published_kids(identity)


async def test_withdrawal_says_what_signs_now_and_who_signs_in_again(identity: Identity, databases: Databases) -> None:
    headers = await administrator(identity)
    await identity.register("ada")
    await identity.sign_in("ada", resource=IDENTITY_URL)
    leaked = signing_kid(identity)
    answer = await identity.http.delete(f"{KEYS}/{leaked}", headers=headers)
    assert answer.status_code == 200
    await identity.parts.keyring.check()
    expected = {"signing_kid": signing_kid(identity), "sessions": 2, "obeyed": None, "outstanding": None}
    assert answer.json() == expected
    assert await published_kids(identity) == [answer.json()["signing_kid"]]
    before, after = {"state": "signing"}, {"state": "compromised"}
    assert await entries_of(databases, "key.withdrawn") == [(leaked, "key.withdrawn", before, after)]


async def test_administrator_whose_own_key_was_withdrawn_signs_in_again(
    identity: Identity, databases: Databases
) -> None:
    headers = await administrator(identity)
    leaked = signing_kid(identity)
    assert (await identity.http.delete(f"{KEYS}/{leaked}", headers=headers)).status_code == 200
    await identity.parts.keyring.check()
    ensure_problem(await identity.http.get(KEYS, headers=headers), 401, "unauthenticated")
    again = bearer((await identity.sign_in("grace", PASSWORD, client_id="administration"))["access_token"])
    states = {key["kid"]: key["state"] for key in (await identity.http.get(KEYS, headers=again)).json()["items"]}
    assert states == {leaked: "compromised", signing_kid(identity): "signing"}
    # Twice is once.
    assert (await identity.http.delete(f"{KEYS}/{leaked}", headers=again)).status_code == 200
    assert await acts(databases) == [("key.withdrawn", leaked)]


async def test_withdrawal_can_be_waited_for(identity: Identity) -> None:
    headers = {**await administrator(identity), "Prefer": "wait=1"}
    answer = await identity.http.delete(f"{KEYS}/{signing_kid(identity)}", headers=headers)
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=1")
    assert (answer.json()["obeyed"], answer.json()["outstanding"]) == ([], [])


@pytest.mark.parametrize("kid", ["unknown", "-x", "a%00b", "%2e%2e"])
async def test_unknown_key_is_404(identity: Identity, kid: str) -> None:
    headers = await administrator(identity)
    assert (await identity.http.delete(f"{KEYS}/{kid}", headers=headers)).status_code == 404
    assert (await identity.http.get(f"{KEYS}/{kid}", headers=headers)).status_code == 404


async def test_acts_need_a_fresh_sign_in(identity_at: Identity, clock: StandingClock) -> None:
    headers = await administrator(identity_at)
    clock.advance(minutes=9, seconds=59)
    assert (await identity_at.http.get(KEYS, headers=headers)).status_code == 200
    tokens = await identity_at.sign_in("grace", client_id="administration")
    clock.advance(minutes=9)
    renewed = (await identity_at.refresh(tokens["refresh_token"], client_id="administration")).json()
    clock.advance(minutes=2)
    stale = bearer(renewed["access_token"])
    kid = signing_kid(identity_at)
    for method, path in (("GET", KEYS), ("POST", KEYS), ("GET", f"{KEYS}/{kid}"), ("DELETE", f"{KEYS}/{kid}")):
        answer = await identity_at.http.request(method, path, headers=stale)
        ensure_problem(answer, 401, "insufficient_user_authentication")
        assert 'max_age="600"' in answer.headers["www-authenticate"]


async def test_path_of_sealing_has_no_method_of_a_key(identity: Identity) -> None:
    answer = await identity.http.request("OPTIONS", "/admin/keys/seal", headers=await administrator(identity))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
