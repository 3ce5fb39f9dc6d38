"""The audit log is exported as lines of JSON, of which the last one says that none is missing."""

from contextlib import ExitStack
from typing import Any

import httpx
import orjson
import pytest

from identity_service.audit import export as exports
from identity_service.audit import reading_statements
from tests.admin.audit_rows import write
from tests.admin.callers import Headers, administrator
from tests.support.databases import Databases
from tests.support.services import Identity

URL = "/admin/audit/export"
EXPORTS = "SELECT subject, detail FROM identity.audit_entries WHERE action = 'audit.exported'"


@pytest.fixture
async def admin(identity: Identity) -> Headers:
    return await administrator(identity)


async def export(identity: Identity, admin: Headers, **query: Any) -> list[dict[str, Any]]:
    answer = await identity.http.get(URL, params=query, headers=admin)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.endswith("\n")
    return [orjson.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("query", [{}, {"actor": "ada"}, {"actor": "ada", "action": "session.ended"}], ids=str)
async def test_export_has_every_entry_once_the_oldest_first(
    identity: Identity, admin: Headers, databases: Databases, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    monkeypatch.setattr(exports, "PORTION", 2)
    monkeypatch.setattr(reading_statements, "MAX_SCANNED", 3)
    ids = [await write(databases, number, address="192.0.2.1") for number in range(5)]
    *entries, end = await export(identity, admin, **query)
    assert [entry["id"] for entry in entries][:5] == ids
    assert end == {"type": "end", "count": len(entries)}
    listed = (await identity.http.get("/admin/audit", params=query, headers=admin)).json()["items"]
    shown = [entry for entry in listed if entry["action"] != "audit.exported"]
    assert [{"type": "entry", **entry} for entry in reversed(shown)] == entries


async def test_export_is_itself_in_the_log_without_a_name_that_was_looked_for(
    identity: Identity, admin: Headers, databases: Databases
) -> None:
    subject = "0199a3c1-e5f0-7d6b-8a2e-3f1c5b7d9e10"
    assert await export(identity, admin, actor="ada@example.com", subject=subject) == [{"type": "end", "count": 0}]
    rows = await databases.fetch("identity_app", EXPORTS)
    assert [(row["subject"], orjson.loads(row["detail"])) for row in rows] == [
        ("audit", {"filters": {"actor": None, "subject": subject}})
    ]


async def test_head_of_an_export_answers_its_header_fields_and_exports_nothing(
    identity: Identity, admin: Headers, databases: Databases
) -> None:
    head = await identity.http.head(URL, headers=admin)
    assert head.status_code == 200
    assert await databases.fetch("identity_app", EXPORTS) == []
    of_get = (await identity.http.get(URL, headers=admin)).headers
    assert len(await databases.fetch("identity_app", EXPORTS)) == 1
    assert {**head.headers, "x-request-id": ""} == {**of_get, "x-request-id": ""}


async def test_export_ends_with_its_session_and_does_not_look_whole(
    identity: Identity, admin: Headers, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PORTION", 1)
    for number in range(3):
        await write(databases, number)
    read_portion = reading_statements.read_portion

    async def end_session(*arguments: Any, **named: Any) -> reading_statements.Portion:
        portion = await read_portion(*arguments, **named)
        await identity.http.delete("/sessions/current", headers=admin)
        await databases.execute("identity_owner", "UPDATE identity.sessions SET ended_at = now()")
        return portion

    monkeypatch.setattr(exports, "read_portion", end_session)
    assert [line["type"] for line in await export(identity, admin)] == ["entry"]


async def test_export_that_fails_on_the_way_does_not_look_whole(
    identity: Identity, admin: Headers, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PORTION", 1)
    for number in range(3):
        await write(databases, number)
    read_portion = reading_statements.read_portion
    calls: list[object] = []

    async def fail(*arguments: Any, **named: Any) -> reading_statements.Portion:
        calls.append(arguments)
        if len(calls) > 1:
            raise RuntimeError("on the way")
        return await read_portion(*arguments, **named)

    monkeypatch.setattr(exports, "read_portion", fail)
    parts: list[bytes] = []
    with pytest.raises((RuntimeError, httpx.HTTPError)):
        async with identity.http.stream("GET", URL, headers=admin) as answer:
            parts += [part async for part in answer.aiter_bytes()]
    assert b'"end"' not in b"".join(parts)


async def test_process_does_a_few_exports_at_a_time(identity: Identity, admin: Headers) -> None:
    with ExitStack() as stack:
        for _ in range(exports.MAX_PER_PROCESS):
            stack.enter_context(identity.parts.admin.audit_export.slot())
        answer = await identity.http.get(URL, headers=admin)
        assert (answer.status_code, answer.json()["code"]) == (503, "exports_busy")
        assert answer.headers["retry-after"] == "10"
    assert (await export(identity, admin))[-1]["type"] == "end"
