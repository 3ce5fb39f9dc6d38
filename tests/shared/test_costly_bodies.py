"""Bodies that would cost more than they should: each is refused, shortly and soon."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import Field

from tests.shared.apps import client_for, plain_app
from watchword.http import Body, StrictRoute, Text
from watchword.http.strict import _has_many_containers, first_repeated
from watchword.service.middleware import OutermostMiddleware

MEGABYTE = 1_048_576


class Note(Body):
    title: Text
    tags: list[Text] = Field(default_factory=list)


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = plain_app()
    app.router.route_class = StrictRoute
    app.user_middleware.clear()
    app.add_middleware(OutermostMiddleware, max_body_bytes=MEGABYTE)

    @app.post("/notes")
    async def write_note(note: Note) -> int:
        return len(note.title)

    async with client_for(app) as http:
        yield http


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"[" * 1_000_000, 422, id="deep and open"),
        pytest.param(b'{"title":' + b"[" * 500_000 + b"]" * 500_000 + b"}", 422, id="deep"),
        pytest.param(b'{"title":' + b"[" * 15_000 + b"]" * 15_000 + b"}", 400, id="too deep to read"),
        pytest.param(b'{"a":' * 200_000, 422, id="deep objects"),
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


@pytest.mark.parametrize("container", [b"[]", b"{}", b'{"a":[]}'])
async def test_a_body_of_very_many_arrays_and_objects_is_not_read(http: httpx.AsyncClient, container: bytes) -> None:
    """Each costs as much as a long text; a megabyte of them kept every other request waiting for 180 ms."""
    body = b'{"title":"a","tags":[' + b",".join([container] * 20_001) + b"]}"
    answer = await http.post("/notes", content=body, headers={"Content-Type": "application/json"})
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/body", "too_many")]


@pytest.mark.parametrize("text", ["[" * 100_000, '["' * 40_000, '\\"{' * 20_000], ids=["brackets", "quotes", "escapes"])
async def test_brackets_in_a_text_are_no_arrays(http: httpx.AsyncClient, text: str) -> None:
    assert (await http.post("/notes", json={"title": text})).json() == len(text)


def test_brackets_before_a_text_without_an_end_are_counted() -> None:
    body = b"[" * 20_001 + b'"' + b'\\"' * 400_000
    assert _has_many_containers(body)


class CountingName(str):
    """A name that counts how often it is compared with another."""

    comparisons = 0

    def __eq__(self, other: object) -> bool:
        CountingName.comparisons += 1
        return str.__eq__(self, str(other))

    __hash__ = str.__hash__


def test_a_repeated_name_is_found_by_looking_at_each_once() -> None:
    names = [CountingName(number) for number in range(20_000)]
    assert first_repeated([*names, CountingName(19_999)]) == "19999"
    assert CountingName.comparisons < 40_000
