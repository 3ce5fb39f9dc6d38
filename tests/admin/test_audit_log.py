"""The audit log is listed, the newest first, by every combination of its filters."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from identity_service.audit import reading_statements
from tests.admin.audit_rows import NOON, id_at, write
from tests.admin.callers import Headers, administrator
from tests.support.databases import Databases
from tests.support.services import Identity

WORDS = {"actor": "ada", "subject": "thing", "action": "thing.changed", "request_id": "r1"}
OTHERS = {"actor": "eve", "subject": "other", "action": "other.changed", "request_id": "r2"}


@pytest.fixture
async def admin(identity: Identity) -> Headers:
    return await administrator(identity)


async def listed(identity: Identity, admin: Headers, **query: Any) -> dict[str, Any]:
    answer = await identity.http.get("/admin/audit", params=query, headers=admin)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert ('rel="next"' in answer.headers.get("Link", "")) == (body["next"] is not None)
    return body


async def pages(identity: Identity, admin: Headers, **query: Any) -> list[list[str]]:
    """The ids in each page, from the first to the last."""
    page = await listed(identity, admin, **query)
    ids = [[str(item["id"]) for item in page["items"]]]
    while page["next"] is not None:
        page = await listed(identity, admin, cursor=page["next"], **query)
        ids.append([str(item["id"]) for item in page["items"]])
    return ids


async def test_an_act_is_listed_with_everything_that_is_known_of_it(identity: Identity, admin: Headers) -> None:
    headers = await identity.signed_in("ada")
    answer = await identity.http.delete("/sessions/current", headers=headers)
    entry = (await listed(identity, admin, request_id=answer.headers["X-Request-ID"]))["items"][0]
    known = {name: entry[name] for name in ("action", "address", "request_id")}
    assert known == {
        "action": "session.ended",
        "address": "127.0.0.1",
        "request_id": answer.headers["X-Request-ID"],
    }
    assert entry["detail"] == {"user": entry["actor"], "why": "signed out"}


@pytest.mark.parametrize("names", [names for count in range(5) for names in combinations(WORDS, count)])
async def test_every_combination_of_filters_selects_what_it_says(
    identity: Identity, admin: Headers, databases: Databases, names: tuple[str, ...]
) -> None:
    ids: dict[frozenset[str], str] = {}
    subsets = [frozenset(those) for count in range(5) for those in combinations(WORDS, count)]
    for number, fitting in enumerate(subsets):
        members: Mapping[str, str] = {name: (WORDS if name in fitting else OTHERS)[name] for name in WORDS}
        ids[fitting] = await write(databases, number, **members)
    expected = [ids[fitting] for fitting in reversed(subsets) if fitting >= set(names)]
    query = {name: WORDS[name] for name in names}
    listed_pages = await pages(identity, admin, limit=3, until=NOON + timedelta(hours=1), **query)
    assert [entry_id for page in listed_pages for entry_id in page] == expected


async def test_times_divide_the_log_without_a_gap(identity: Identity, admin: Headers, databases: Databases) -> None:
    ids = [await write(databases, number) for number in range(4)]
    middle = (NOON + timedelta(seconds=2)).isoformat()
    before = await pages(identity, admin, until=middle)
    after = await pages(identity, admin, since=middle, until=NOON + timedelta(hours=1))
    assert (before, after) == ([[ids[1], ids[0]]], [[ids[3], ids[2]]])
    entry = (await listed(identity, admin, since=middle, limit=1, until=NOON + timedelta(seconds=3)))["items"][0]
    assert entry["at"] == "2026-03-01T12:00:02Z"


async def test_page_that_has_looked_at_enough_is_short_and_the_next_goes_on(
    identity: Identity, admin: Headers, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_statements, "MAX_SCANNED", 4)
    rare = await write(databases, 0, actor="ada", action="rare")
    for number in range(1, 11):
        await write(databases, number, actor="ada", action="frequent")
    newest = await write(databases, 11, actor="ada", action="rare")
    assert await pages(identity, admin, actor="ada", action="rare", limit=2) == [[newest], [], [rare], []]


async def test_cursor_belongs_to_the_filters_that_it_came_with(
    identity: Identity, admin: Headers, databases: Databases
) -> None:
    for number in range(3):
        await write(databases, number)
    cursor = (await listed(identity, admin, actor="ada", limit=1))["next"]
    answer = await identity.http.get("/admin/audit", params={"actor": "eve", "cursor": cursor}, headers=admin)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize(
    "query",
    [
        {"actor": ""},
        {"actor": "a\x00"},
        {"subject": "x" * 2_001},
        {"since": "yesterday"},
        {"since": "2026-03-01T12:00:00"},
        {"limit": "101"},
        {"cursor": "nonsense"},
        {"cursor": "\x00"},
    ],
    ids=str,
)
async def test_what_can_be_no_filter_is_refused(identity: Identity, admin: Headers, query: dict[str, str]) -> None:
    answer = await identity.http.get("/admin/audit", params=query, headers=admin)
    (name,) = query
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/query/{name}")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
async def test_times_of_no_entry_select_all_or_nothing(
    identity: Identity, admin: Headers, databases: Databases, at: str
) -> None:
    await write(databases, 0)
    is_early = at.startswith("0001")
    assert bool((await listed(identity, admin, since=at))["items"]) == is_early
    assert bool((await listed(identity, admin, until=at))["items"]) != is_early


async def test_id_of_the_database_has_the_time_that_is_shown(databases: Databases) -> None:
    rows = await databases.fetch("identity_app", "SELECT uuidv7() AS id, clock_timestamp() AS at")
    assert abs(id_at(rows[0]["at"]).int - rows[0]["id"].int) >> 80 < 1_000
