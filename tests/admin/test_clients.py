"""Clients over HTTP: making, reading and changing them, and their secrets."""

import asyncio
import logging
from typing import Any

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.clients.models import hash_secret
from identity_service.installation import ADMINISTRATION_CLIENT
from tests.admin.answers import flaws_of, refusal_of
from tests.admin.audit import entries_of
from tests.admin.callers import signed_in
from tests.admin.client_requests import client, make_application, make_client
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, Identity

Headers = dict[str, str]

ENTRIES = "client.created", "client.changed", "client.secret_added", "client.secret_replaced", "client.secret_ended"
CALLBACK = "https://app.example/callback"
AUDIT = "SELECT * FROM identity.audit_entries"


async def patch(identity: Identity, client_id: str, headers: Headers, body: Any) -> httpx.Response:
    """Change a client, as it is now."""
    path = f"/admin/clients/{client_id}"
    condition = {"If-Match": (await identity.http.get(path, headers=headers)).headers["ETag"]}
    return await identity.http.patch(path, json=body, headers=headers | condition)


async def another_secret(identity: Identity, client_id: str, headers: Headers, **body: Any) -> httpx.Response:
    return await identity.http.post(f"/admin/clients/{client_id}/secrets", json=body, headers=headers)


async def statuses(identity: Identity, client_id: str, *secrets: str) -> list[int]:
    form = {"grant_type": "client_credentials", "client_id": client_id}
    return [(await identity.token(**form, client_secret=secret)).status_code for secret in secrets]


async def test_client_is_made_read_and_changed(identity: Identity, grace: Headers, databases: Databases) -> None:
    made = await identity.http.post("/admin/clients", json=client("robot"), headers=grace)
    assert (made.status_code, made.headers["Location"]) == (201, "/admin/clients/robot"), made.text
    assert await statuses(identity, "robot", made.json()["secret"]) == [200]
    read = await identity.http.get("/admin/clients/robot", headers=grace)
    assert read.headers["ETag"] == made.headers["ETag"]
    assert read.json().items() >= client("robot", default_audience=IDENTITY_URL, public=False).items()
    changes = {"name": "Machine", "scopes": ["ssf.read", "ssf.manage", "ssf.read"]}
    changed = await patch(identity, "robot", grace, changes)
    assert (changed.status_code, changed.json()["scopes"]) == (200, ["ssf.read", "ssf.manage"])
    read = await identity.http.get("/admin/clients/robot", headers=grace)
    assert (read.json(), read.headers["ETag"]) == (changed.json(), changed.headers["ETag"])
    again = await identity.http.get("/admin/clients/robot", headers=grace | {"If-None-Match": read.headers["ETag"]})
    assert again.status_code == 304
    assert (await patch(identity, "robot", grace, changes)).status_code == 200
    entries = await entries_of(databases, *ENTRIES)
    assert [(action, before and before["name"], after["name"]) for _, action, before, after in entries] == [
        ("client.created", None, "Robot"),
        ("client.changed", "Robot", "Machine"),
    ]


async def test_list_has_every_client_once_over_its_pages(identity: Identity, grace: Headers) -> None:
    path, ids = "/admin/clients?limit=3", list[str]()
    while path:
        answer = await identity.http.get(path, headers=grace)
        ids += [item["id"] for item in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert ids == [one.id for one in await identity.parts.clients.list_all()]
    assert len(ids) > 3


async def test_public_client_has_no_secret(identity: Identity, grace: Headers) -> None:
    body = client("app", public=True, grants=["authorization_code"], redirect_uris=[CALLBACK], scopes=["account"])
    made = await identity.http.post("/admin/clients", json=body, headers=grace)
    assert (made.status_code, made.json()["secret"], made.json()["secrets"]) == (201, None, [])
    assert refusal_of(await another_secret(identity, "app", grace)) == (409, "client_public")


FAULTY = {
    "id of a user": (client("f190b7a0-0000-7000-8000-000000000000"), [("/body/id", "invalid")]),
    "id with NUL": (client("a\x00b"), [("/body/id", "string_pattern_mismatch")]),
    "long id": (client("a" * 64), [("/body/id", "string_too_long")]),
    "blank name": (client("robot", name=" "), [("/body/name", "invalid")]),
    "long name": (client("robot", name="a" * 201), [("/body/name", "string_too_long")]),
    "first-party robot": (client("robot", first_party=True), [("/body/first_party", "invalid")]),
    "unknown grant": (client("robot", grants=["magic"]), [("/body/grants/0", "enum")]),
    "unknown scope": (client("robot", scopes=["ssf.read", "x"]), [("/body/scopes", "invalid")]),
    "scope of another audience": (
        client("robot", scopes=["ssf.read", "posts:write"]),
        [("/body/scopes", "invalid")],
    ),
    "foreign default": (client("robot", default_audience=POSTS_URL), [("/body/default_audience", "invalid")]),
    "bad redirect": (
        client("app", grants=["authorization_code"], scopes=["account"], redirect_uris=["http://app.example/"]),
        [("/body/redirect_uris", "invalid")],
    ),
    "several at once": (
        client("robot", name="", grants=[], scopes=[], audiences=["https://nowhere.example"]),
        [
            ("/body/name", "invalid"),
            ("/body/grants", "invalid"),
            ("/body/scopes", "invalid"),
            ("/body/audiences", "invalid"),
        ],
    ),
    "secret of one's own": (client("robot", secret="x"), [("/body/secret", "extra_forbidden")]),
    "null for redirects": (client("robot", redirect_uris=None), [("/body/redirect_uris", "list_type")]),
}


@pytest.mark.parametrize("fault", FAULTY)
async def test_faulty_client_is_refused_with_the_place_of_each_fault(
    identity: Identity, grace: Headers, fault: str
) -> None:
    body, flaws = FAULTY[fault]
    assert flaws_of(await identity.http.post("/admin/clients", json=body, headers=grace)) == flaws


async def test_faulty_change_is_refused_and_null_is_not_absent(identity: Identity, grace: Headers) -> None:
    await make_client(identity, "robot")
    for body, flaws in (
        ({"grants": []}, [("/body/grants", "invalid")]),
        ({"scopes": None, "name": None}, [("/body/name", "string_type"), ("/body/scopes", "list_type")]),
        ({"default_audience": None}, [("/body/default_audience", "string_type")]),
        ({"id": "machine"}, [("/body/id", "extra_forbidden")]),
        ({"backchannel_logout_uri": "https://app.example/"}, [("/body/backchannel_logout_uri", "invalid")]),
    ):
        assert flaws_of(await patch(identity, "robot", grace, body)) == flaws
    assert (await patch(identity, "robot", grace, {"backchannel_logout_uri": None})).status_code == 200


async def test_change_names_the_version_that_it_is_of(identity: Identity, grace: Headers) -> None:
    path = f"/admin/clients/{await make_client(identity, 'robot')}"
    assert (await identity.http.patch(path, json={"name": "A"}, headers=grace)).status_code == 428
    condition = grace | {"If-Match": (await identity.http.get(path, headers=grace)).headers["ETag"]}
    changes = ({"name": "Machine"}, {"name": "Engine"})
    answers = await asyncio.gather(*(identity.http.patch(path, json=body, headers=condition) for body in changes))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert (await identity.http.delete(path, headers=condition)).status_code == 412


async def test_id_is_that_of_one_client(identity: Identity, grace: Headers) -> None:
    requests = (identity.http.post("/admin/clients", json=client("robot"), headers=grace) for _ in range(3))
    assert sorted(answer.status_code for answer in await asyncio.gather(*requests)) == [201, 409, 409]


@pytest.mark.parametrize("client_id", ["nobody", "A%20B", "a" * 3000])
async def test_unknown_client_is_not_there(identity: Identity, grace: Headers, client_id: str) -> None:
    path, headers = f"/admin/clients/{client_id}", grace | {"If-Match": "*"}
    answers = [
        await identity.http.get(path, headers=headers),
        await identity.http.patch(path, json={}, headers=headers),
        await identity.http.delete(path, headers=headers),
        await identity.http.post(f"{path}/secrets", json={}, headers=headers),
        await identity.http.delete(f"{path}/secrets/former", headers=headers),
    ]
    assert [refusal_of(answer) for answer in answers] == [(404, "client_not_found")] * 5


async def test_client_that_is_narrowed_gets_less_with_the_next_refresh(identity: Identity, grace: Headers) -> None:
    members = {"scopes": ["posts:write", "account"], "audiences": [POSTS_URL, IDENTITY_URL]}
    await make_application(identity, "app", **members)
    await identity.register("ada")
    tokens = await identity.sign_in("ada", client_id="app")
    changes = {"scopes": ["account"], "audiences": [IDENTITY_URL], "default_audience": IDENTITY_URL}
    assert (await patch(identity, "app", grace, changes)).status_code == 200
    refused = await identity.refresh(tokens["refresh_token"], client_id="app", resource=POSTS_URL)
    assert refused.status_code == 400
    narrowed = await identity.refresh(tokens["refresh_token"], client_id="app")
    assert narrowed.json()["scope"] == "account"


async def test_two_secrets_are_valid_and_a_third_is_refused(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    former = (await identity.http.post("/admin/clients", json=client("robot"), headers=grace)).json()["secret"]
    assert refusal_of(await another_secret(identity, "robot", grace, lost=True)) == (409, "one_secret_valid")
    made = await asyncio.gather(*(another_secret(identity, "robot", grace) for _ in range(3)))
    assert sorted(answer.status_code for answer in made) == [201, 409, 409]
    (lost,) = (answer.json()["secret"] for answer in made if answer.status_code == 201)
    latest = (await another_secret(identity, "robot", grace, lost=True)).json()["secret"]
    assert await statuses(identity, "robot", former, lost, latest) == [200, 401, 200]
    path = "/admin/clients/robot/secrets/former"
    assert (await identity.http.delete(path, headers=grace)).status_code == 204
    assert refusal_of(await identity.http.delete(path, headers=grace)) == (404, "former_secret_not_found")
    assert await statuses(identity, "robot", former, lost, latest) == [401, 401, 200]
    acts = [
        (action, before and before["secrets"], after["secrets"])
        for _, action, before, after in await entries_of(databases, *ENTRIES)
    ]
    assert acts == [
        ("client.created", None, 1),
        ("client.secret_added", 1, 2),
        ("client.secret_replaced", 2, 2),
        ("client.secret_ended", 2, 1),
    ]


async def test_secret_is_shown_once_and_neither_listed_nor_recorded_nor_logged(
    identity: Identity, grace: Headers, databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first = (await identity.http.post("/admin/clients", json=client("robot"), headers=grace)).json()["secret"]
    second = (await another_secret(identity, "robot", grace)).json()["secret"]
    answers = [
        await identity.http.get("/admin/clients", headers=grace),
        await identity.http.get("/admin/clients/robot", headers=grace),
        await patch(identity, "robot", grace, {"name": "Machine"}),
        await identity.http.get("/admin/audit", headers=grace),
    ]
    rows = [str(dict(row)) for row in await databases.fetch("identity_owner", AUDIT)]
    everything = "\n".join([*(answer.text for answer in answers), *rows, caplog.text])
    for secret in (first, second):
        assert secret not in everything
        assert hash_secret(secret).hex() not in everything


async def test_last_use_of_each_secret_is_shown_and_leaves_the_version(identity: Identity, grace: Headers) -> None:
    first = (await identity.http.post("/admin/clients", json=client("robot"), headers=grace)).json()["secret"]
    await another_secret(identity, "robot", grace)

    async def read() -> httpx.Response:
        return await identity.http.get("/admin/clients/robot", headers=grace)

    before = await read()
    assert (before.json()["last_used_at"], [one["last_used_at"] for one in before.json()["secrets"]]) == (
        None,
        [None] * 2,
    )
    assert await statuses(identity, "robot", first, "wrong") == [200, 401]
    await identity.parts.client_uses.write()
    after = await read()
    latest, former = (one["last_used_at"] for one in after.json()["secrets"])
    assert (latest, former is not None) == (None, True)
    assert [one["former"] for one in after.json()["secrets"]] == [False, True]
    assert (after.json()["last_used_at"], after.headers["ETag"]) == (former, before.headers["ETag"])
    assert await statuses(identity, "robot", first) == [200]
    await identity.parts.client_uses.write()
    assert (await read()).json()["last_used_at"] > former


async def test_use_of_a_client_that_was_deleted_meanwhile_hinders_no_other(identity: Identity, grace: Headers) -> None:
    await make_client(identity, "robot")
    assert await statuses(identity, "robot", "a-secret") == [200]
    await identity.sign_in("grace")
    assert (await identity.http.delete("/admin/clients/robot", headers=grace)).status_code == 204
    await identity.parts.client_uses.write()
    web = (await identity.http.get("/admin/clients/web", headers=grace)).json()
    assert web["last_used_at"] is not None


async def test_set_up_gives_the_client_of_administrators_back_what_it_needs(identity: Identity, grace: Headers) -> None:
    narrowed = {"scopes": ["account"], "grants": ["password"]}
    assert (await patch(identity, ADMINISTRATION_CLIENT, grace, narrowed)).status_code == 200
    await Administration(identity.parts).install(POSTS_URL, POSTS_SECRET)
    again = await signed_in(identity, "grace")
    assert (await identity.http.get("/admin/clients", headers=again)).status_code == 200
