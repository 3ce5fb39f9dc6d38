"""A blog to look at: three people, what they have written, and what moderators have to do with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from deploy.local.demo_texts import write_post
from tests.support.person import Person
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS

POSTS = 20
BODY = """The Analytical Engine has **no pretensions** to *originate* anything. It can do whatever we know how to order
it to perform; see <https://example.com/notes>.

# How it is ordered

1. Write the operations on cards.
2. Write the variables on other cards.
   - One card for each.

> It can follow analysis, but it has no power of anticipating truths.

```python
def order(engine: Engine, cards: list[Card]) -> int:
    \"\"\"Perform what the cards say.\"\"\"
    return sum(engine.run(card, times=2) for card in cards if card.name != "rest")  # A line that is longer than a phone
```

| Card | Meaning | Number |
|:--|:-:|--:|
| Operation | What to do | 25 |
| Variable | To what | 1000 |

---

A picture is a link: ![the engine](https://example.com/engine.png). ~~It runs on steam.~~
"""
COMMENTS = (
    "It *does* weave algebraic patterns, just as the loom weaves flowers and leaves.",
    "A question: where do the cards come from?\n\n> Write the variables on other cards.",
    "```js\nconst pattern = cards.map((card) => card.hole);\n```",
)
REASON = "It is an advertisement, and nothing else"


@dataclass
class Blog:
    """The services and the people: `ada` has written the posts, `grace` comments, `margaret` is a moderator."""

    running: Stack
    http: httpx.AsyncClient
    ada: Person
    grace: Person
    margaret: Person
    posts: list[dict[str, Any]] = field(default_factory=list)
    """Those that are published, the newest last."""

    async def comment(self, person: Person, post: dict[str, Any], body: str, **rest: Any) -> dict[str, Any]:
        return await self.post(person, f"/posts/{post['id']}/comments", body=body, **rest)

    async def post(self, person: Person, path: str, **body: Any) -> dict[str, Any]:
        return await self.call("POST", person, path, **body)

    async def call(self, method: str, person: Person, path: str, **body: Any) -> dict[str, Any]:
        """What posts answers to this body, which it takes."""
        url = f"{self.running.posts}{path}"
        answer = await self.http.request(method, url, json=body, headers=person.headers)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())


@asynccontextmanager
async def people_of(running: Stack) -> AsyncIterator[Blog]:
    """The people, who have not written anything."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
        ada, grace, margaret = [await Person(http, running, name).register() for name in ("ada", "grace", "margaret")]
        running.command("identity", "users", "set-roles", margaret.username, "user", "moderator")
        yield Blog(running, http, ada, grace, await margaret.refresh())


async def write(blog: Blog) -> None:
    """Twenty posts, the newest of which has all that Markdown has, and comments."""
    for number in range(POSTS - 1):
        post = write_post(blog.ada.username, number)
        blog.posts.append(await blog.post(blog.ada, "/posts", **post._asdict()))
    tags = ["engines", "history", "c++"]
    newest = await blog.post(blog.ada, "/posts", title="On the Analytical Engine", body=BODY, tags=tags)
    blog.posts.append(newest)
    first, *others = COMMENTS
    answered = await blog.comment(blog.grace, newest, first)
    await blog.comment(blog.ada, newest, "Thank you.", parent_id=answered["id"])
    for text in others:
        await blog.comment(blog.grace, newest, text)
    await blog.http.put(f"{blog.running.posts}/posts/{newest['id']}/like", headers=blog.grace.headers)
    await _write_what_few_see(blog)


async def _write_what_few_see(blog: Blog) -> None:
    """A former version, drafts, an unpublished post, and reports."""
    oldest, *_, older, newest = blog.posts
    await blog.call("PATCH", blog.ada, f"/posts/{oldest['id']}", body=f"{oldest['body']}\n\nAs I said.")
    await blog.post(blog.ada, "/posts", title="A note on looms", body="To do.", state="draft")
    later = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    await blog.post(blog.ada, "/posts", title="Next week", body="Soon.", published_at=later)
    advertisement = await blog.post(blog.ada, "/posts", title="Cards at half the price", body="Only this week.")
    resolved = await blog.post(blog.grace, f"/posts/{advertisement['id']}/reports", reason=REASON)
    await blog.call("PATCH", blog.margaret, f"/moderation/reports/{resolved['id']}", state="resolved", note="It is one")
    await blog.post(blog.margaret, f"/posts/{advertisement['id']}/unpublish", reason=REASON)
    await blog.post(blog.grace, f"/posts/{older['id']}/reports", reason="It has been published elsewhere before")
    comment = await blog.comment(blog.grace, newest, "Buy cards at half the price!")
    await blog.post(blog.ada, f"/comments/{comment['id']}/reports", reason=REASON)
