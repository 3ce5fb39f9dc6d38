"""Every operation of the running app, requested by every kind of caller: see the table in matrix.py."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from posts_service.posts.policy import Permission
from tests.posts.commenting import comment
from tests.posts.matrix import STATES, Row, rows
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.testing import Issuer
from watchword.testing.issuer import ABSENT

ROWS = rows()
BODIES: Mapping[str, dict[str, Any]] = {
    "POST /posts": {"title": "A title", "body": "A body"},
    "PATCH /posts/{post_id}": {"title": "Another"},
    "POST /posts/{post_id}/unpublish": {"reason": "Spam"},
    "POST /posts/{post_id}/reports": {"reason": "Spam"},
    "POST /posts/{post_id}/comments": {"body": "A comment"},
    "POST /comments/{comment_id}/reports": {"reason": "Spam"},
    "PATCH /comments/{comment_id}": {"body": "Another"},
    "PATCH /moderation/reports/{report_id}": {"state": "dismissed"},
}
# A moderator says why, and nobody else has to.
REASON = {"reason": "Spam"}
PUT_INTO_STATE = """
    UPDATE posts.posts SET state = CASE $2 WHEN 'scheduled' THEN 'draft' ELSE $2 END,
        published_at = CASE WHEN $2 IN ('published', 'unpublished') THEN published_at END,
        publish_at = CASE $2 WHEN 'scheduled' THEN now() + interval '1 hour' END,
        unpublished_reason = CASE $2 WHEN 'unpublished' THEN 'Spam' END
    WHERE id = $1::text::uuid
"""


def valid_callers(ada: Person, stranger: Person, moderator: Person) -> dict[str, dict[str, str]]:
    administrator = Person(ada.issuer, "barbara", tuple(Permission), ("admin",))
    return {
        "anonymous": {},
        "no_scope": ada.bearer(scope="posts:read"),
        "author": ada.headers,
        "moderating_author": ada.bearer(permissions=tuple(Permission), roles=("moderator",)),
        "other": stranger.headers,
        "moderator": moderator.headers,
        "administrator": administrator.headers,
    }


def bad_tokens(ada: Person) -> dict[str, dict[str, str]]:
    """The author's own token with one thing wrong."""
    forger = Issuer(audience=ada.issuer.audience)
    forger.rotate("the forger's")
    signed = ada.headers["Authorization"]
    forged = Person(forger, ada.username, id=ada.id)
    return {
        "expired": ada.bearer(expires_in=-60),
        "issued in the future": ada.bearer(claims={"iat": 32_503_680_000, "exp": 32_503_680_600}),
        "another audience": ada.bearer(claims={"aud": "http://other.example"}),
        "no audience": ada.bearer(claims={"aud": ABSENT}),
        "another issuer": ada.bearer(claims={"iss": "http://other.example"}),
        "a refresh token": ada.bearer(header={"typ": "rt+jwt"}),
        "no typ": ada.bearer(header={"typ": ABSENT}),
        "alg none": {"Authorization": ada.bearer(header={"alg": "none"})["Authorization"].rpartition(".")[0] + "."},
        "alg none, signed": ada.bearer(header={"alg": "none"}),
        "alg HS256": ada.bearer(header={"alg": "HS256"}),
        "forged by another key": forged.bearer(header={"kid": ada.issuer.kid}),
        "an unknown kid": forged.bearer(),
        "no subject": ada.bearer(claims={"sub": ABSENT}),
        "a signature cut short": {"Authorization": signed[:-8]},
        "no token after Bearer": {"Authorization": "Bearer"},
        "another scheme": {"Authorization": "Basic YWRhOmFkYQ=="},
    }


def revoked(posts: Posts, ada: Person) -> dict[str, dict[str, str]]:
    """Tokens that were valid until a session ended, a role was lost, or an account was disabled."""
    now = int(time.time())
    ended, disabled = str(uuid4()), Person(ada.issuer, "disabled")
    for kind, key, valid_from in (
        (Kind.SESSION, ended, FOR_EVER),
        (Kind.CLAIMS, ada.id, now - 100),
        (Kind.DISABLED, disabled.id, FOR_EVER),
    ):
        posts.parts.receiver.revocations.add(Revocation(kind, key, valid_from, now + 600), now)
    return {
        "a session that ended": ada.bearer(claims={"sid": ended}),
        "a role since lost": ada.bearer(claims={"iat": now - 200}),
        "a disabled account": disabled.headers,
    }


async def things_for(posts: Posts, databases: Databases, row: Row, ada: Person) -> dict[str, str]:
    """The parameters of the path: a post of the author in this state, made for it, and what hangs on the post."""
    post = await posts.publish(ada.headers)
    post_id = post["id"]
    things = {"post_id": post_id, "slug": post["slug"], "version": "1"}
    if "{report_id}" in row.operation:
        reporter = Person(ada.issuer, "reporter")
        made = await posts.http.post(f"/posts/{post_id}/reports", json=REASON, headers=reporter.headers)
        things["report_id"] = made.json()["id"]
    if "{comment_id}" in row.operation:
        things["comment_id"] = (await comment(posts, ada, post_id))["id"]
    if row.state not in ("-", "published"):
        await databases.execute("posts_app", PUT_INTO_STATE, post_id, row.state)
    return things


async def answer_to(posts: Posts, row: Row, things: dict[str, str], headers: dict[str, str]) -> int:
    """The status of this operation on these things."""
    method, path = row.operation.split(" ")
    if path == "/posts/events":
        # Otherwise the stream would not end.
        posts.parts.live_feed.close()
    options: dict[str, Any] = {"json": BODIES.get(row.operation)}
    options |= {"params": REASON} if row.operation in ACTS else {}
    return (await posts.http.request(method, path.format(**things), headers=headers, **options)).status_code


ACTS = {
    "PATCH /posts/{post_id}",
    "DELETE /posts/{post_id}",
    "DELETE /comments/{comment_id}",
    "POST /posts/{post_id}/versions/{version}/restore",
}
"""Operations that take the reason of a moderator in their query."""


async def test_the_table_has_every_operation_of_the_document_in_every_state(posts: Posts) -> None:
    document = (await posts.http.get("/openapi.json")).json()
    methods = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
    expected: set[tuple[str, str]] = set()
    for path, item in document["paths"].items():
        for method in item.keys() & methods:
            expected |= {(f"{method.upper()} {path}", state) for state in (STATES if "{" in path else ("-",))}
    assert expected
    assert {(row.operation, row.state) for row in ROWS.values()} == expected


async def test_every_operation_of_the_document_is_guarded_or_of_no_concern(posts: Posts) -> None:
    document = (await posts.http.get("/openapi.json")).json()
    unguarded = [
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if not operation["security"]
    ]
    assert sorted(unguarded) == ["GET /livez", "GET /metrics", "GET /readyz"]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
async def test_every_caller_is_answered_as_the_table_says(
    posts: Posts, databases: Databases, ada: Person, stranger: Person, moderator: Person, row: Row
) -> None:
    statuses = {}
    for caller, headers in valid_callers(ada, stranger, moderator).items():
        statuses[caller] = await answer_to(posts, row, await things_for(posts, databases, row, ada), headers)
    # These change nothing, so that one post is enough for all of them.
    things, lost = await things_for(posts, databases, row, ada), revoked(posts, ada)
    expected = {**row.statuses}
    for kind, callers in (("revoked", lost), ("bad_token", bad_tokens(ada))):
        status = expected.pop(kind)
        for caller, headers in callers.items():
            expected[caller] = status
            statuses[caller] = await answer_to(posts, row, things, headers)
    assert statuses == expected
