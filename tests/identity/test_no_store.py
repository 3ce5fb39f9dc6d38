"""No cache may keep what is a caller's own, whatever the operation and whatever its status."""

import re
from uuid import uuid4

import pytest

from tests.architecture.test_operations import PUBLIC, document_of, operations
from tests.identity.receivers import Receiver, receiver_with_stream
from tests.support.services import Identity

# They say the same to everybody, and have a lifetime of their own or none.
FOR_EVERYBODY = {
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/openid-configuration",
    "GET /.well-known/ssf-configuration",
    "GET /livez",
    "GET /metrics",
}


async def test_every_answer_is_for_its_caller_alone(identity: Identity) -> None:
    people, posts = await identity.signed_in("ada"), await receiver_with_stream(identity)
    document = await document_of(identity.http)
    names = {name for name, _ in operations(document)}
    assert names > FOR_EVERYBODY
    for name in sorted(names - FOR_EVERYBODY, key=lambda name: (name.startswith("DELETE"), name)):
        method, path = name.split()
        url = re.sub(r"{\w+}", str(uuid4()), path)
        headers = {} if name in PUBLIC["identity"] else posts.headers if path.startswith("/ssf") else people
        answer = await identity.http.request(method, url, headers=headers)
        assert answer.headers.get("cache-control") == "no-store", (name, answer.status_code)


@pytest.mark.parametrize("path", ["/users/me", "/sessions"])
async def test_what_is_the_callers_own_is_not_stored(identity: Identity, path: str) -> None:
    answer = await identity.http.get(path, headers=await identity.signed_in("ada"))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_polls_and_streams_are_not_stored(identity: Identity) -> None:
    posts: Receiver = await receiver_with_stream(identity)
    for answer in (await posts.poll(), await posts.verify(), await posts.request("GET", "/ssf/streams")):
        assert answer.headers["cache-control"] == "no-store"
