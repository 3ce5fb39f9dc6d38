"""Bodies that would cost more than they should: each is refused, shortly and soon."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter
from pydantic import Field

from tests.shared.apps import client_for, plain_app
from watchword.http import Body, StrictRoute, Text
from watchword.service.middleware import OutermostMiddleware

MEGABYTE = 1_048_576


class Note(Body):
    title: Text
    tags: list[Text] = Field(default_factory=list)


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = plain_app()
    app.user_middleware.clear()
    app.add_middleware(OutermostMiddleware, max_body_bytes=MEGABYTE)

    @app.post("/notes")
    async def write_note(note: Note) -> int:
        return len(note.title)

    strict = APIRouter(route_class=StrictRoute)
    strict.post("/strict/notes")(write_note)
    app.include_router(strict)

    async with client_for(app) as http:
        yield http


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"[" * 1_000_000, 400, id="deep and open"),
        pytest.param(b'{"title":' + b"[" * 500_000 + b"]" * 500_000 + b"}", 400, id="deep"),
        pytest.param(b'{"a":' * 200_000, 400, id="deep objects"),
        pytest.param(b'{"title":' + b"9" * 1_000_000 + b"}", 400, id="a long number"),
        pytest.param(b'{"title":1e999999}', 422, id="a large number"),
        pytest.param(b'{"title":"a",' + b",".join(b'"%d":1' % n for n in range(90_000)) + b"}", 422, id="members"),
        pytest.param(b'{"title":"a","tags":[' + b",".join([b"1"] * 20_000) + b"]}", 422, id="wrong items"),
    ],
)
async def test_a_costly_body_is_refused_shortly(http: httpx.AsyncClient, body: bytes, status: int) -> None:
    answer = await http.post("/notes", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert len(answer.content) < 20_000


async def test_many_unknown_members_are_one_error(http: httpx.AsyncClient) -> None:
    answer = await http.post("/notes", json={"title": "a", **{str(n): 1 for n in range(200)}})
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/body", "too_many_members")]
    few = await http.post("/notes", json={"title": "a", **{str(n): 1 for n in range(99)}})
    assert {error["code"] for error in few.json()["errors"]} == {"extra_forbidden"}
    assert len(few.json()["errors"]) == 99


async def test_a_repetition_among_many_members_is_found_as_fast_as_none(http: httpx.AsyncClient) -> None:
    members = [f'"{number}": 1' for number in range(40_000)]

    async def cost(content: str) -> float:
        began = time.process_time()
        assert (
            await http.post("/strict/notes", content=content, headers={"Content-Type": "application/json"})
        ).status_code == 422
        return time.process_time() - began

    distinct = await cost("{" + ", ".join(members) + "}")
    assert await cost("{" + ", ".join([*members, members[-1]]) + "}") < 50 * distinct
