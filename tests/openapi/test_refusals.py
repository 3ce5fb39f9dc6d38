"""Refusals in the OpenAPI documents: what the clients of the tests compare every answer with."""

import httpx
import pytest

from posts_service.errors import NotTheAuthor, NotTheCommentsAuthor, ReasonRequired
from tests.support.documented import Documented
from tests.support.services import POSTS_URL, Posts
from watchword.auth import NotPermitted
from watchword.errors import AppError, Forbidden
from watchword.events.silence import TransmitterSilent
from watchword.http.keyset import InvalidCursor
from watchword.http.problem_documents import MEDIA_TYPE, body_of, status_of


class Undescribed(Forbidden):
    code = "undescribed"


def answer_of(error: AppError) -> httpx.Response:
    """The answer of `DELETE /posts/{post_id}` that refuses with this error."""
    request = httpx.Request("DELETE", f"{POSTS_URL}/posts/01890000-0000-7000-8000-000000000000")
    body = {**body_of(error), "request_id": None}
    return httpx.Response(status_of(error), json=body, headers={"Content-Type": MEDIA_TYPE}, request=request)


async def test_a_refusal_whose_code_the_document_lacks_is_no_answer_of_the_operation(posts: Posts) -> None:
    document = Documented(posts.app.openapi())
    await document.check(answer_of(NotTheAuthor()))
    await document.check(answer_of(ReasonRequired()))
    await document.check(answer_of(NotPermitted("a service")))
    for error in (Undescribed(), InvalidCursor(), NotTheCommentsAuthor()):
        with pytest.raises(AssertionError, match=error.code):
            await document.check(answer_of(error))


async def test_what_a_receiver_refuses_is_in_the_document_of_every_guarded_operation(posts: Posts) -> None:
    for item in posts.app.openapi()["paths"].values():
        for operation in item.values():
            is_described = TransmitterSilent.code in str(operation["responses"].get("503"))
            assert is_described == bool(operation["security"]), operation["operationId"]
