"""A text that must not be empty has something that its readers can see."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.posts.commenting import ask, comment
from tests.posts.moderating import change, report, unpublish
from tests.posts.people import Person
from tests.support.characters import INVISIBLE, JOINED
from tests.support.services import Posts

Send = Callable[[str], Any]

invisible = pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE.keys())
joined = pytest.mark.parametrize("text", JOINED.values(), ids=JOINED.keys())


def flaws(answer: httpx.Response) -> tuple[int, list[tuple[str, str]]]:
    return answer.status_code, [(flaw["pointer"], flaw["code"]) for flaw in answer.json().get("errors", [])]


def writing(posts: Posts, ada: Person, moderator: Person, post: dict[str, Any], comment_id: str) -> list[Send]:
    """Each way of sending a text that must not be empty."""
    http, url = posts.http, f"/posts/{post['id']}"

    async def publish(**members: Any) -> httpx.Response:
        return await http.post("/posts", json={"title": "A title", "body": "", **members}, headers=ada.headers)

    return [
        lambda text: publish(title=text),
        lambda text: publish(summary=text),
        lambda text: publish(tags=[text]),
        lambda text: change(posts, ada, post, title=text),
        lambda text: change(posts, ada, post, summary=text),
        lambda text: change(posts, ada, post, tags=[text]),
        lambda text: http.get("/posts", params={"tag": text}),
        lambda text: ask(posts, ada, post["id"], text),
        lambda text: http.patch(f"/comments/{comment_id}", json={"body": text}, headers=ada.headers),
        lambda text: report(posts, ada, post, text),
        lambda text: http.post(f"/comments/{comment_id}/reports", json={"reason": text}, headers=ada.headers),
        lambda text: unpublish(posts, moderator, post, text),
        lambda text: change(posts, moderator, post, text, title="Another"),
        lambda text: http.delete(url, params={"reason": text}, headers=moderator.headers),
        lambda text: http.delete(f"/comments/{comment_id}", params={"reason": text}, headers=moderator.headers),
    ]


@invisible
async def test_a_text_of_which_nothing_is_seen_is_refused_as_an_empty_one(
    posts: Posts, ada: Person, moderator: Person, text: str
) -> None:
    post = await posts.publish(ada.headers)
    written = await comment(posts, ada, post["id"])
    for number, send in enumerate(writing(posts, ada, moderator, post, written["id"])):
        empty = flaws(await send(""))
        assert empty[0] == 422
        assert flaws(await send(text)) == empty, number
    assert (await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)).json()["version"] == post["version"]


@joined
async def test_invisible_characters_beside_visible_ones_stay_as_they_are(posts: Posts, ada: Person, text: str) -> None:
    post = await posts.publish(ada.headers, title=text, summary=text, body=text)
    assert (post["title"], post["summary"], post["body"]) == (text, text, text)
    assert (await comment(posts, ada, post["id"], text))["body"] == text
    assert (await report(posts, ada, post, text)).json()["reason"] == text
