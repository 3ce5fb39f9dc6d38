"""One trace from the request at posts to its database and to identity, and one request id in both logs."""

import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.person import Person
from tests.support.spans import Span, SpanReceiver
from tests.support.stack import Stack, stack
from tests.support.waiting import until

SETTINGS = {"IDENTITY_BCRYPT_ROUNDS": "4", "IDENTITY_KEY_CHECK_SECONDS": "0.2", "IDENTITY_LOG_LEVEL": "debug"}
JWKS = "/.well-known/jwks.json"


@pytest.fixture(scope="module")
def receiver() -> Iterator[SpanReceiver]:
    with SpanReceiver().listening() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def traced(receiver: SpanReceiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {**SETTINGS, **receiver.environment, "POSTS_LOG_LEVEL": "debug"}
    with stack(tmp_path_factory.mktemp("traced"), **settings) as running:
        yield running


def kid_of(person: Person) -> str:
    head = person.tokens["access_token"].partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=="))["kid"])


async def first_sight(http: httpx.AsyncClient, person: Person) -> tuple[str, str]:
    """Send requests until one is accepted, and return its trace id and its request id.

    posts does not have the key of this token, so this request fetched it; those before fell into the cooldown.
    """
    ids = {"trace": "", "request": ""}

    async def accepted() -> bool:
        ids.update(trace=secrets.token_hex(16), request=secrets.token_hex(8))
        parent = f"00-{ids['trace']}-{secrets.token_hex(8)}-01"
        fields = {**person.headers, "traceparent": parent, "X-Request-ID": ids["request"], "baggage": "from=outside"}
        answer = await http.get(f"{person.stack.posts}/posts?state=draft&word=a-secret-word", headers=fields)
        return answer.status_code == 200

    await until(accepted)
    return ids["trace"], ids["request"]


def lines(stack: Stack, service: str, **fields: str) -> list[dict[str, Any]]:
    """The log lines with these fields."""
    entries = [json.loads(line) for line in stack.log(service).splitlines() if line.startswith("{")]
    return [line for line in entries if fields.items() <= line.items()]


def one(spans: list[Span], service: str, name: str) -> Span:
    (span,) = [span for span in spans if (span.service, span.name) == (service, name)]
    return span


async def test_one_trace_and_one_id_from_posts_to_its_database_and_to_identity(
    traced: Stack, receiver: SpanReceiver, http: httpx.AsyncClient
) -> None:
    ada = await Person(http, traced, "ada").register()
    old = kid_of(ada)
    traced.command("identity", "keys", "withdraw", "--", old)

    async def another_key_signs() -> bool:
        return kid_of(await ada.sign_in()) != old

    await until(another_key_signs)
    trace, request = await first_sight(http, ada)
    await until(lambda: len(receiver.of(trace)) >= 4)
    spans = receiver.of(trace)
    server = one(spans, "watchword-posts", "GET /posts")
    call = one(spans, "watchword-posts", "GET")
    fetch = one(spans, "watchword-identity", f"GET {JWKS}")
    read = one(spans, "watchword-posts", "SELECT posts.posts")
    assert (call.parent, fetch.parent, read.parent) == (server.id, call.id, server.id)
    assert call.attributes["url.full"] == traced.identity + JWKS
    assert read.attributes == {"db.system.name": "postgresql", "db.query.summary": "SELECT posts.posts"}
    assert {span.attributes["watchword.request_id"] for span in (server, fetch)} == {request}
    both = [
        lines(traced, "posts", path="/posts", request_id=request),
        lines(traced, "identity", path=JWKS, request_id=request),
    ]
    assert [[line["trace_id"] for line in entries] for entries in both] == [[trace], [trace]]
    for secret in (ada.tokens["access_token"], ada.tokens["refresh_token"], "a-secret-word", "from=outside"):
        assert secret.encode() not in receiver.raw


async def test_probes_are_not_traced_and_work_in_the_background_has_ids_of_its_own(
    traced: Stack, receiver: SpanReceiver, http: httpx.AsyncClient
) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await http.get(traced.posts + path)).status_code == 200
    poll = "POST /ssf/streams/{stream_id}/poll"
    await until(lambda: any(span.name == poll for span in receiver.spans))
    (answer, *_) = [span for span in receiver.spans if span.name == poll]
    await until(lambda: any(span.id == answer.parent for span in receiver.spans))
    (call,) = [span for span in receiver.spans if span.id == answer.parent]
    assert (call.service, answer.service, call.parent) == ("watchword-posts", "watchword-identity", "")
    assert lines(traced, "identity", request_id=answer.attributes["watchword.request_id"])
    assert not [span for span in receiver.spans if span.name.endswith(("/livez", "/readyz", "/metrics"))]
    assert not [span for span in receiver.spans if "alembic" in span.name]
