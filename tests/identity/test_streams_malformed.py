"""What the transmitter cannot parse is 400, and an id of no stream is 404 (SSF 1.0 section 8.1). Types are strict."""

from typing import Any

import pytest

from tests.identity.answers import ensure_problem
from tests.identity.receivers import PUSH, STATUS, STREAMS, VERIFY, Receiver, receiver_with_stream
from tests.support.services import Identity

JSON = {"Content-Type": "application/json"}
NO_STREAM = ["nonsense", "", "0", "\u0000", "é", "01890000-0000-7000-8000-000000000000", "x" * 2_000]
BODIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "change": ("PATCH", STREAMS, {"description": "Changed"}),
    "replace": ("PUT", STREAMS, {}),
    "set status": ("POST", STATUS, {"status": "disabled"}),
    "verify": ("POST", VERIFY, {}),
}


@pytest.fixture
async def posts(identity: Identity) -> Receiver:
    return await receiver_with_stream(identity)


@pytest.mark.parametrize("stream_id", NO_STREAM)
@pytest.mark.parametrize(("method", "path"), [("GET", STREAMS), ("DELETE", STREAMS), ("GET", STATUS)])
async def test_unknown_stream_in_the_query_is_not_found(
    posts: Receiver, method: str, path: str, stream_id: str
) -> None:
    ensure_problem(await posts.request(method, path, stream_id=stream_id), 404, "stream_not_found")


@pytest.mark.parametrize("stream_id", NO_STREAM)
@pytest.mark.parametrize("operation", BODIES)
async def test_unknown_stream_in_the_body_is_not_found(posts: Receiver, operation: str, stream_id: str) -> None:
    method, path, members = BODIES[operation]
    answer = await posts.request(method, path, {"stream_id": stream_id, **members})
    ensure_problem(answer, 404, "stream_not_found")


@pytest.mark.parametrize("stream_id", ["nonsense", "01890000-0000-7000-8000-000000000000"])
async def test_poll_of_an_unknown_stream_is_not_found(posts: Receiver, stream_id: str) -> None:
    ensure_problem(await posts.request("POST", f"{STREAMS}/{stream_id}/poll", {}), 404, "stream_not_found")


UNPARSABLE = {"broken": b'{"stream_id":', "no object": b"[]", "text": b'"stream"', "no UTF-8": b"\xff", "none": b""}


@pytest.mark.parametrize("content", UNPARSABLE.values(), ids=UNPARSABLE.keys())
@pytest.mark.parametrize("operation", [*BODIES, "poll"])
async def test_unparsable_body_is_a_bad_request(posts: Receiver, operation: str, content: bytes) -> None:
    method, path, _ = BODIES.get(operation, ("POST", f"{STREAMS}/{posts.stream_id}/poll", {}))
    answer = await posts.http.request(method, path, content=content, headers={**posts.headers, **JSON})
    ensure_problem(answer, 400, "bad_request")


async def test_unparsable_body_of_a_stranger_is_unauthenticated(posts: Receiver) -> None:
    answer = await posts.http.post(STREAMS, content=b"{", headers=JSON)
    ensure_problem(answer, 401, "unauthenticated")


async def test_absent_stream_id_is_a_bad_request_that_names_it(posts: Receiver) -> None:
    answer = await posts.request("GET", STATUS)
    ensure_problem(answer, 400, "bad_request")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/stream_id"]


WRONG_POLLS: dict[str, dict[str, Any]] = {
    "text for a boolean": {"returnImmediately": "yes"},
    "true as a text": {"returnImmediately": "true"},
    "number for a boolean": {"returnImmediately": 1},
    "null for a boolean": {"returnImmediately": None},
    "text for a number": {"maxEvents": "5"},
    "true for a number": {"maxEvents": True},
    "negative": {"maxEvents": -1},
    "half an event": {"maxEvents": 0.5},
    "text for a list": {"ack": "jti"},
    "numbers in a list": {"ack": [1]},
    "list for an object": {"setErrs": []},
    "text for an error": {"setErrs": {"jti": "invalid_request"}},
    "error without a code": {"setErrs": {"jti": {"description": "no code"}}},
}


@pytest.mark.parametrize("members", WRONG_POLLS.values(), ids=WRONG_POLLS.keys())
async def test_wrong_types_in_a_poll_are_refused_and_nothing_is_acknowledged(
    posts: Receiver, members: dict[str, Any]
) -> None:
    await posts.verify()
    waiting = list(await posts.sets())
    ensure_problem(await posts.poll(**{"ack": waiting, **members}), 400, "bad_request")
    assert list(await posts.sets()) == waiting


WRONG_STREAMS: dict[str, dict[str, Any]] = {
    "number for a text": {"description": 1},
    "true for a text": {"description": True},
    "number for an event": {"events_requested": [1]},
    "number for a method": {"delivery": {"method": 8935}},
    "number for a URL": {"delivery": {"method": PUSH, "endpoint_url": 1}},
    "true for a number": {"min_verification_interval": True},
}


@pytest.mark.parametrize("members", WRONG_STREAMS.values(), ids=WRONG_STREAMS.keys())
async def test_wrong_types_in_a_stream_are_refused(posts: Receiver, members: dict[str, Any]) -> None:
    before = await posts.read()
    answer = await posts.request("PATCH", STREAMS, {"stream_id": posts.stream_id, **members})
    assert answer.status_code == 400, answer.text
    assert await posts.read() == before


async def test_two_streams_in_one_query_are_refused_and_neither_is_deleted(posts: Receiver) -> None:
    twice = f"{STREAMS}?stream_id=nonsense&stream_id={posts.stream_id}"
    ensure_problem(await posts.request("DELETE", twice), 400, "bad_request")
    await posts.read()


async def test_two_statuses_in_one_body_are_refused_and_neither_is_set(posts: Receiver) -> None:
    body = f'{{"stream_id": "{posts.stream_id}", "status": "enabled", "status": "disabled"}}'
    answer = await posts.http.post(STATUS, content=body, headers={**posts.headers, **JSON})
    ensure_problem(answer, 400, "bad_request")
    assert (await posts.request("GET", STATUS, stream_id=posts.stream_id)).json()["status"] == "enabled"
