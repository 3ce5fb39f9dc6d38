"""Only its own receiver, with the right scope, may read or manage a stream."""

from typing import Any

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientExtension
from tests.identity.answers import ensure_problem
from tests.identity.receivers import STATUS, STREAMS, VERIFY, Receiver, receiver, receiver_with_stream, stranger
from tests.support.services import Identity, bearer

READING = ["read", "list", "read status", "poll"]
MANAGING = ["create", "change", "replace", "delete", "set status", "verify"]
OF_ONE_STREAM = [name for name in READING + MANAGING if name not in ("list", "create")]


def request(operation: str, stream_id: str) -> tuple[str, str, dict[str, str], Any]:
    """Method, path, query and body of one operation on a stream."""
    named = {"stream_id": stream_id}
    return {
        "create": ("POST", STREAMS, {}, {}),
        "list": ("GET", STREAMS, {}, None),
        "read": ("GET", STREAMS, named, None),
        "change": ("PATCH", STREAMS, {}, {**named, "description": "Changed"}),
        "replace": ("PUT", STREAMS, {}, named),
        "delete": ("DELETE", STREAMS, named, None),
        "read status": ("GET", STATUS, named, None),
        "set status": ("POST", STATUS, {}, {**named, "status": "disabled"}),
        "verify": ("POST", VERIFY, {}, named),
        "poll": ("POST", f"{STREAMS}/{stream_id}/poll", {}, {"returnImmediately": True}),
    }[operation]


async def attempt(
    identity: Identity, operation: str, stream_id: str, headers: dict[str, str], **query: str
) -> httpx.Response:
    method, path, params, body = request(operation, stream_id)
    return await identity.http.request(method, path, params={**params, **query}, json=body, headers=headers)


async def ensure_untouched(posts: Receiver, before: dict[str, Any], waiting: list[str]) -> None:
    assert await posts.read() == before
    assert (await posts.request("GET", STATUS, stream_id=posts.stream_id)).json()["status"] == "enabled"
    assert list(await posts.sets()) == waiting


@pytest.mark.parametrize("operation", READING)
async def test_reading_scope_suffices_to_read_and_poll(identity: Identity, operation: str) -> None:
    posts = await receiver_with_stream(identity)
    reader = await receiver(identity, scope="ssf.read")
    assert (await attempt(identity, operation, posts.stream_id, reader.headers)).status_code == 200


@pytest.mark.parametrize("operation", MANAGING)
async def test_reading_scope_does_not_suffice_to_manage(identity: Identity, operation: str) -> None:
    posts = await receiver_with_stream(identity)
    before = await posts.read()
    reader = await receiver(identity, scope="ssf.read")
    refused = await attempt(identity, operation, posts.stream_id, reader.headers)
    ensure_problem(refused, 403, "insufficient_scope")
    challenge = 'Bearer realm="watchword", error="insufficient_scope", scope="ssf.manage"'
    assert refused.headers["www-authenticate"] == challenge
    await ensure_untouched(posts, before, [])


@pytest.mark.parametrize("operation", READING + MANAGING)
async def test_other_scopes_suffice_for_nothing(identity: Identity, operation: str) -> None:
    posts = await receiver_with_stream(identity)
    await Administration(identity.parts).extend_client("posts", ClientExtension(["introspect"], []))
    other = await receiver(identity, scope="introspect")
    refused = await attempt(identity, operation, posts.stream_id, other.headers)
    ensure_problem(refused, 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize("operation", READING + MANAGING)
async def test_users_are_refused(identity: Identity, operation: str) -> None:
    posts = await receiver_with_stream(identity)
    ada = await identity.signed_in("ada")
    ensure_problem(await attempt(identity, operation, posts.stream_id, ada), 403, "insufficient_scope")


@pytest.mark.parametrize("operation", READING + MANAGING)
async def test_token_in_the_query_is_ignored(identity: Identity, operation: str) -> None:
    posts = await receiver_with_stream(identity)
    token = posts.headers["Authorization"].partition(" ")[2]
    refused = await attempt(identity, operation, posts.stream_id, {}, access_token=token)
    ensure_problem(refused, 401, "unauthenticated")
    assert refused.headers["www-authenticate"] == 'Bearer realm="watchword"'


@pytest.mark.parametrize("operation", READING + MANAGING)
async def test_refresh_token_is_refused(identity: Identity, operation: str) -> None:
    posts = await receiver_with_stream(identity)
    await identity.register("ada")
    headers = bearer((await identity.sign_in("ada"))["refresh_token"])
    ensure_problem(await attempt(identity, operation, posts.stream_id, headers), 401, "unauthenticated")


@pytest.mark.parametrize("operation", OF_ONE_STREAM)
async def test_another_receivers_stream_does_not_exist(identity: Identity, operation: str) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    await posts.verify()
    before, waiting = await posts.read(), list(await posts.sets())
    refused = await attempt(identity, operation, posts.stream_id, feeds.headers)
    ensure_problem(refused, 404, "stream_not_found")
    await ensure_untouched(posts, before, waiting)


async def test_list_holds_only_the_callers_stream(identity: Identity) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    assert (await feeds.request("GET", STREAMS)).json() == []
    created = await feeds.create()
    assert (await feeds.request("GET", STREAMS)).json() == [created]
    assert [one["stream_id"] for one in (await posts.request("GET", STREAMS)).json()] == [posts.stream_id]


@pytest.mark.parametrize("stream", ["its own stream", "the other stream"])
async def test_acknowledgement_of_anothers_event_changes_nothing(identity: Identity, stream: str) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    await posts.verify()
    (jti,) = await posts.sets()
    stream_id = feeds.stream_id if stream == "its own stream" else posts.stream_id
    members = {"returnImmediately": True, "ack": [jti], "setErrs": {jti: {"err": "invalid_request"}}}
    answer = await feeds.request("POST", f"{STREAMS}/{stream_id}/poll", members)
    assert answer.status_code == (200 if stream == "its own stream" else 404)
    assert list(await posts.sets()) == [jti]


async def test_each_receiver_gets_an_event_under_an_id_of_its_own(identity: Identity) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    headers = await identity.signed_in("ada")
    await identity.http.delete("/sessions/current", headers=headers)
    assert await posts.events() == await feeds.events()
    (first,), (second,) = await posts.sets(), await feeds.sets()
    assert first != second
    assert await posts.sets(ack=[first]) == {}
    assert list(await feeds.sets()) == [second]
