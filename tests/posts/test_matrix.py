"""Every operation of the running app, requested by every kind of caller."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from tests.posts.people import Person
from tests.support.services import Posts
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.testing import Issuer
from watchword.testing.issuer import ABSENT

PUBLISHED, DRAFT = "published", "draft"
VALID = ("anonymous", "without scope", "stranger", "moderator", "author")
BODIES: Mapping[str, dict[str, Any]] = {
    "POST /posts": {"title": "A title", "body": "A body"},
    "PATCH /posts/{post_id}": {"title": "Another"},
}


class Row(NamedTuple):
    """The statuses for the callers in VALID, and the one for every caller whose token is not valid."""

    operation: str
    state: str
    valid: tuple[int, int, int, int, int]
    invalid: int = 401


# anonymous, without scope (the author otherwise), stranger, moderator, author
EXPECTED = (
    Row("GET /posts", PUBLISHED, (200, 200, 200, 200, 200)),
    Row("POST /posts", PUBLISHED, (401, 403, 201, 201, 201)),
    Row("GET /posts/events", PUBLISHED, (200, 200, 200, 200, 200)),
    Row("GET /posts/{post_id}", PUBLISHED, (200, 200, 200, 200, 200)),
    Row("GET /posts/{post_id}", DRAFT, (404, 200, 404, 404, 200)),
    Row("PATCH /posts/{post_id}", PUBLISHED, (401, 403, 403, 200, 200)),
    Row("PATCH /posts/{post_id}", DRAFT, (401, 403, 404, 404, 200)),
    Row("DELETE /posts/{post_id}", PUBLISHED, (401, 403, 403, 204, 204)),
    Row("DELETE /posts/{post_id}", DRAFT, (401, 403, 404, 404, 204)),
    Row("PUT /posts/{post_id}/like", PUBLISHED, (401, 403, 200, 200, 200)),
    Row("PUT /posts/{post_id}/like", DRAFT, (401, 403, 404, 404, 404)),
    Row("DELETE /posts/{post_id}/like", PUBLISHED, (401, 403, 200, 200, 200)),
    Row("DELETE /posts/{post_id}/like", DRAFT, (401, 403, 404, 404, 404)),
    Row("GET /livez", PUBLISHED, (200, 200, 200, 200, 200), invalid=200),
    Row("GET /readyz", PUBLISHED, (200, 200, 200, 200, 200), invalid=200),
    Row("GET /metrics", PUBLISHED, (200, 200, 200, 200, 200), invalid=200),
)
ROWS = {f"{row.operation} {row.state}": row for row in EXPECTED}


def valid_callers(ada: Person, stranger: Person, moderator: Person) -> dict[str, dict[str, str]]:
    everybody: tuple[dict[str, str], ...] = (
        {},
        ada.bearer(scope="posts:read"),
        stranger.headers,
        moderator.headers,
        ada.headers,
    )
    return dict(zip(VALID, everybody, strict=True))


def invalid_callers(ada: Person) -> dict[str, dict[str, str]]:
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


def revoked_callers(posts: Posts, ada: Person) -> dict[str, dict[str, str]]:
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


async def answer_to(posts: Posts, row: Row, author: Person, headers: dict[str, str]) -> int:
    """The status of this operation on a post of the author made for it."""
    method, path = row.operation.split(" ")
    post = await posts.publish(author.headers, state=row.state)
    url = path.format(post_id=post["id"])
    if path == "/posts/events":
        # Otherwise the stream would not end.
        posts.parts.feed.close()
    return (await posts.http.request(method, url, json=BODIES.get(row.operation), headers=headers)).status_code


async def test_the_table_knows_every_operation_of_the_document(posts: Posts) -> None:
    document = (await posts.http.get("/openapi.json")).json()
    methods = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
    operations = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item.keys() & methods
    }
    assert operations
    assert operations == {row.operation for row in EXPECTED}


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
    posts: Posts, ada: Person, stranger: Person, moderator: Person, row: Row
) -> None:
    valid, invalid = valid_callers(ada, stranger, moderator), invalid_callers(ada) | revoked_callers(posts, ada)
    expected = {**dict(zip(VALID, row.valid, strict=True)), **dict.fromkeys(invalid, row.invalid)}
    statuses = {caller: await answer_to(posts, row, ada, headers) for caller, headers in {**valid, **invalid}.items()}
    assert statuses == expected
