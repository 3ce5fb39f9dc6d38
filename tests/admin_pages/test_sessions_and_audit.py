"""Sessions and the audit log on the pages of the administration."""

import json
from typing import Any
from uuid import uuid4

import pytest

from identity_service.administration import Administration
from identity_service.audit import export, reading_statements
from tests.admin_pages.people import administrator
from tests.admin_pages.reading import cells_of, next_path
from tests.identity.browsing import Browsing
from tests.support.services import IDENTITY_URL, Identity

SESSIONS, AUDIT = "/admin/ui/sessions", "/admin/ui/audit"


async def test_sessions_of_everybody_or_of_one_person_are_listed(identity: Identity, grace: Browsing) -> None:
    ids = {name: await identity.register(name) for name in ("ada", "eve")}
    for username in ("ada", "eve", "ada"):
        await identity.sign_in(username, resource=IDENTITY_URL)
    assert cells_of(await grace.open(SESSIONS), "User") == ["ada", "eve", "ada"]
    page = await grace.open(f"{SESSIONS}?user={ids['eve']}")
    assert (cells_of(page, "User"), cells_of(page, "Application")) == (["eve"], ["web"])
    assert "python-httpx" in cells_of(page, "Device")[0]
    assert "No session on this page." in await grace.open(f"{SESSIONS}?user={uuid4()}")
    assert "whole id of a user" in await grace.open(f"{SESSIONS}?user=ada", 422)


async def test_a_list_of_sessions_goes_on_at_the_next_page(identity: Identity, grace: Browsing) -> None:
    user_id = await identity.register("ada")
    for _ in range(21):
        await identity.sign_in("ada", resource=IDENTITY_URL)
    path = next_path(await grace.open(f"{SESSIONS}?user={user_id}"))
    assert path is not None
    assert cells_of(await grace.open(path), "User") == ["ada"]


async def test_entries_are_found_by_what_was_done_by_whom_to_whom_and_when(identity: Identity, grace: Browsing) -> None:
    ada, eve = [await identity.register(name) for name in ("ada", "eve")]
    administration = Administration(identity.parts)
    for username in ("ada", "eve"):
        await administration.set_active(username, False)
    searches = {
        f"?subject={ada}&action=user.disabled": [ada],
        "?action=user.disabled": [eve, ada],
        "?action=user.disabled&actor=command+line": [eve, ada],
        "?action=user.disabled&since=2020-01-01T00:00&until=": [eve, ada],
        "?action=user.disabled&until=2020-01-01T00:00:30": [],
        f"?actor={ada}&action=user.disabled": [],
        "?request_id=none": [],
    }
    for query, subjects in searches.items():
        assert cells_of(await grace.open(f"{AUDIT}{query}"), "Subject") == subjects, query
    detail = cells_of(await grace.open(f"{AUDIT}?subject={ada}&action=user.disabled"), "Detail")[0]
    assert json.loads(detail)["after"] == {"active": False}
    page = await grace.open(f"{AUDIT}?since=yesterday", 422)
    assert "Enter a time such as" in page


async def test_a_list_of_entries_goes_on_at_the_next_page_with_the_same_filter(
    identity: Identity, grace: Browsing
) -> None:
    await identity.register("ada")
    for number in range(21):
        await Administration(identity.parts).set_active("ada", number % 2 == 1)
    first = await grace.open(f"{AUDIT}?actor=command+line")
    path = next_path(first)
    assert path is not None
    second = await grace.open(path)
    entries = [*cells_of(first, "Action"), *cells_of(second, "Action")]
    assert [entry for entry in entries if entry.startswith("user.")][:21] == [
        "user.disabled",
        *["user.enabled", "user.disabled"] * 10,
    ]
    assert set(cells_of(second, "Actor")) == {"command line"}


async def test_the_link_of_the_page_exports_what_the_filters_select_and_records_it(
    identity: Identity, grace: Browsing
) -> None:
    ada = await identity.register("ada")
    await Administration(identity.parts).set_active("ada", False)
    page = await grace.open(f"{AUDIT}?subject={ada}&action=user.disabled")
    path = f"{AUDIT}/export?subject={ada}&action=user.disabled"
    assert f'href="{path.replace("&", "&amp;")}"' in page
    # It is no export, and the log has no entry of it.
    assert (await grace.http.head(path)).status_code == 200
    answer = await grace.http.get(path)
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.ndjson"'
    *lines, end = [json.loads(line) for line in answer.text.splitlines()]
    assert [(line["subject"], line["action"]) for line in lines] == [(ada, "user.disabled")]
    assert end == {"type": "end", "count": 1}
    grace_id = str(await identity.parts.accounts.find_id("grace"))
    assert cells_of(await grace.open(f"{AUDIT}?action=audit.exported"), "Actor") == [grace_id]


async def test_an_export_ends_when_the_administrator_loses_the_permission(
    identity: Identity, grace: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PORTION", 1)
    await identity.register("ada")
    for is_active in (False, True):
        await Administration(identity.parts).set_active("ada", is_active)
    read_portion = reading_statements.read_portion

    async def take_permission(*arguments: Any, **named: Any) -> reading_statements.Portion:
        await Administration(identity.parts).set_roles("grace", ["user"])
        return await read_portion(*arguments, **named)

    async with administrator(identity, "vera"):
        monkeypatch.setattr(export, "read_portion", take_permission)
        answer = await grace.http.get(f"{AUDIT}/export")
    assert [json.loads(line)["type"] for line in answer.text.splitlines()] == ["entry"]
