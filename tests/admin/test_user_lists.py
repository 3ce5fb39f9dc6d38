"""GET /admin/users: every account, in pages; by the beginning of a name or an address, by role and by state."""

from pathlib import Path
from typing import Any

import pytest

from identity_service.administration import Administration
from tests.admin.callers import Headers, administrator
from tests.identity.answers import ensure_problem
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.database.windows import WINDOW

INSERT = """
    WITH person AS (
        INSERT INTO identity.users (username, email, password_hash, is_active, awaits_verification)
        VALUES ($1, $2, 'x', $3, $4) RETURNING id
    ) INSERT INTO identity.user_roles SELECT id, role FROM person, unnest($5::text[]) role
"""
MANY = """
    WITH people AS (
        INSERT INTO identity.users (username, email, password_hash)
        SELECT 'many' || lpad(n::text, 5, '0'), n || '@many.example', 'x' FROM generate_series(1, $1) n RETURNING id
    ) INSERT INTO identity.user_roles SELECT id, 'user' FROM people
"""
MOST_PAGES = 50


async def insert(
    databases: Databases,
    name: str,
    email: str | None = None,
    *,
    active: bool = True,
    awaits: bool = False,
    roles: tuple[str, ...] = ("user",),
) -> None:
    address = email or f"{name}@example.com"
    await databases.execute("identity_owner", INSERT, name, address, active, awaits, list(roles))


async def page(identity: Identity, headers: Headers, **query: Any) -> dict[str, Any]:
    answer = await identity.http.get("/admin/users", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    body = dict(answer.json())
    assert ("link" in answer.headers) == (body["next"] is not None)
    return body


async def names(identity: Identity, headers: Headers, **query: Any) -> list[str]:
    """The usernames of the whole list."""
    body = await page(identity, headers, **query)
    listed = [item["username"] for item in body["items"]]
    for _ in range(MOST_PAGES):
        if body["next"] is None:
            return listed
        body = await page(identity, headers, **query, cursor=body["next"])
        listed += [item["username"] for item in body["items"]]
    raise AssertionError("the list has no end")


@pytest.fixture
async def people(grace: Headers, databases: Databases) -> None:
    """Grace the administrator is the oldest account."""
    await insert(databases, "ada")
    await insert(databases, "Adam", "zoe@Example.com")
    await insert(databases, "eve", "ADA@sample.org", active=False)
    await insert(databases, "mary", roles=("moderator", "user"))
    await insert(databases, "100%_done", active=False, roles=("moderator",))
    await insert(databases, "waiting", awaits=True)
    await insert(databases, "gone", active=False, awaits=True, roles=())


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("limit", [1, 2, 3, 20])
async def test_newest_account_comes_first(identity: Identity, grace: Headers, limit: int) -> None:
    everybody = ["gone", "waiting", "100%_done", "mary", "eve", "Adam", "ada", "grace"]
    assert await names(identity, grace, limit=limit) == everybody


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("limit", [1, 2, 20])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "ad"}, ["ada", "Adam", "eve"]),
        ({"q": " ADA "}, ["ada", "Adam", "eve"]),
        ({"q": "ada@"}, ["ada", "eve"]),
        ({"q": "zoe@example.COM"}, ["Adam"]),
        ({"q": "%"}, []),
        ({"q": "_"}, []),
        ({"q": "100%_"}, ["100%_done"]),
        ({"q": "100__"}, []),
        ({"q": "\\"}, []),
        ({"q": "da"}, []),
        ({"q": "\U0010ffff"}, []),
        ({"q": "ada", "state": "active"}, ["ada", "Adam"]),
        ({"q": "ada", "state": "disabled"}, ["eve"]),
        ({"q": "m", "role": "moderator"}, ["mary"]),
        ({"q": "m", "role": "moderator", "state": "disabled"}, []),
        ({"q": ""}, ["gone", "waiting", "100%_done", "mary", "eve", "Adam", "ada", "grace"]),
        ({"state": "active"}, ["mary", "Adam", "ada", "grace"]),
        ({"state": "disabled"}, ["gone", "100%_done", "eve"]),
        ({"state": "awaiting_verification"}, ["waiting"]),
        ({"role": "moderator"}, ["100%_done", "mary"]),
        ({"role": "moderator", "state": "active"}, ["mary"]),
        ({"role": "moderator", "state": "disabled"}, ["100%_done"]),
        ({"role": "user", "state": "disabled"}, ["eve"]),
        ({"role": "user", "state": "awaiting_verification"}, ["waiting"]),
        ({"role": "user"}, ["waiting", "mary", "eve", "Adam", "ada", "grace"]),
        ({"role": "nobody"}, []),
    ],
    ids=str,
)
async def test_filters_select_accounts_whose_pages_are_of_any_length(
    identity: Identity, grace: Headers, query: dict[str, str], expected: list[str], limit: int
) -> None:
    assert await names(identity, grace, limit=limit, **query) == expected


async def test_item_says_what_a_list_shows(identity: Identity, grace: Headers) -> None:
    await administrator(identity, "barbara")
    body = await page(identity, grace, q="barbara")
    (item,) = body["items"]
    assert item.pop("id")
    assert item.pop("created_at")
    assert item == {
        "username": "barbara",
        "email": "barbara@example.com",
        "email_verified": False,
        "full_name": None,
        "state": "active",
        "roles": ["admin", "user"],
    }


async def test_page_looks_at_few_accounts_and_the_next_goes_on(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    await insert(databases, "many00000", active=False)
    await databases.execute("identity_owner", MANY, 2 * WINDOW + 10)
    for query in ({"q": "many", "state": "awaiting_verification"}, {"q": "many", "role": "moderator"}):
        first = await page(identity, grace, **query)
        assert (first["items"], first["next"] is None) == ([], False)
        assert await names(identity, grace, **query) == []
    await insert(databases, "many99999", roles=("moderator",))
    assert await names(identity, grace, q="many", role="moderator") == ["many99999"]
    assert await names(identity, grace, q="MANY", state="disabled") == ["many00000"]
    # Those who match by name and by address.
    assert len(await names(identity, grace, q="many", limit=100)) == 2 * WINDOW + 12
    assert len(set(await names(identity, grace, role="user", state="active", limit=100))) == 2 * WINDOW + 11


async def test_account_that_goes_between_two_pages_hides_no_other(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    for number in range(6):
        await insert(databases, f"ada{number}")
    for query in ({"q": "ada"}, {"role": "user"}):
        first = await page(identity, grace, limit=3, **query)
        last = first["items"][-1]["username"]
        await databases.execute("identity_owner", "DELETE FROM identity.users WHERE username = $1", last)
        second = await page(identity, grace, limit=2, cursor=first["next"], **query)
        listed = {item["username"] for item in (*first["items"], *second["items"])}
        assert len(listed) == 5
        await insert(databases, last)


async def test_cursor_is_that_of_its_list(identity: Identity, grace: Headers, databases: Databases) -> None:
    for number in range(3):
        await insert(databases, f"ada{number}")
    by_name = (await page(identity, grace, q="ada", limit=1))["next"]
    newest = (await page(identity, grace, limit=1))["next"]
    for query in ({"cursor": by_name}, {"q": "ad", "cursor": by_name}, {"q": "ada", "cursor": newest}, {"cursor": "x"}):
        ensure_problem(await identity.http.get("/admin/users", params=query, headers=grace), 422, "invalid")


@pytest.mark.parametrize(
    "query", [{"q": "a\x00"}, {"q": "a" * 255}, {"role": "\x00"}, {"state": "gone"}, {"limit": "0"}, {"sort": "name"}]
)
async def test_malformed_filters_are_refused_or_ignored(
    identity: Identity, grace: Headers, query: dict[str, str]
) -> None:
    answer = await identity.http.get("/admin/users", params=query, headers=grace)
    assert answer.status_code == (200 if "sort" in query else 422), answer.text


async def test_stand_in_is_no_account(identity: Identity, databases: Databases, tmp_path: Path) -> None:
    async with services.identity(databases, mail_folder=tmp_path, email_verification="required") as verifying:
        grace = await administrator(verifying)
        body = {"username": "mallory", "email": "grace@example.com", "password": PASSWORD}
        assert (await verifying.http.post("/users", json=body)).status_code == 202
        (row,) = await databases.fetch("identity_app", "SELECT id FROM identity.users WHERE username = 'mallory'")
        for query in ({}, {"q": "mal"}, {"state": "awaiting_verification"}):
            assert "mallory" not in await names(verifying, grace, **query)
        path = f"/admin/users/{row['id']}"
        ensure_problem(await verifying.http.get(path, headers=grace), 404, "user_not_found")
        ensure_problem(await verifying.http.delete(path, headers=grace), 404, "user_not_found")
        headers = {**grace, "If-Match": "*"}
        ensure_problem(await verifying.http.patch(path, json={}, headers=headers), 404, "user_not_found")


async def test_state_of_an_account_that_is_enabled_again(identity: Identity, grace: Headers) -> None:
    ada = await identity.register("ada")
    await Administration(identity.parts).set_active("ada", False)
    assert await names(identity, grace, state="disabled") == ["ada"]
    await identity.http.patch(f"/admin/users/{ada}", json={"active": True}, headers={**grace, "If-Match": "*"})
    assert await names(identity, grace, state="disabled") == []
