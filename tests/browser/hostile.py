"""A blog in which every text is hostile."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.browser.blog import Blog
from tests.browser.hostile_texts import FORMS_OF_LINKS, TAGS, TEXTS, URLS

DIRECTIONS = {*map(chr, (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))}
"""What no title and no summary has: the rules of titles refuse them."""
CARD = "UPDATE posts.authors SET username = $1 WHERE id = $2"
AT_ONCE = 8


@dataclass
class Hostile:
    """A post for each text, which has the text in every place that takes it, and a comment that says it."""

    blog: Blog
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return self.blog.running.posts

    async def write(self) -> None:
        await self.for_each_text(self._write_post)

    async def moderate(self) -> None:
        """Report the posts of every other text for a reason that is the text. For the remaining ones, write a further
        post, report it, decide the report with a note, and unpublish it, all of which say the text."""
        await self.for_each_text(self._moderate)

    async def name_author(self, username: str) -> None:
        """Give the author a name that identity refuses: the pages do not rely on it."""
        author = self.posts[TEXTS[0]]["author"]["id"]
        await self.blog.running.databases.execute("posts_owner", CARD, username, author)

    async def for_each_text(self, act: Callable[[int, str], Awaitable[None]]) -> None:
        """Call `act` with the number of each text and the text, a few at once."""
        at_once = asyncio.Semaphore(AT_ONCE)

        async def act_in_turn(number: int, text: str) -> None:
            async with at_once:
                await act(number, text)

        await asyncio.gather(*(act_in_turn(number, text) for number, text in enumerate(TEXTS)))

    async def _write_post(self, number: int, text: str) -> None:
        members = members_of(number, text)
        post = await self.blog.post(self.blog.ada, "/posts", **members)
        await self.blog.comment(self.blog.grace, post, members["body"])
        self.posts[text] = post

    async def _moderate(self, number: int, text: str) -> None:
        blog, moderator = self.blog, self.blog.margaret
        if number % 2 == 0:
            await blog.post(blog.grace, f"/posts/{self.posts[text]['id']}/reports", reason=text)
            return
        post = await blog.post(blog.ada, "/posts", **members_of(number, text))
        report = await blog.post(blog.grace, f"/posts/{post['id']}/reports", reason=text)
        await blog.call("PATCH", moderator, f"/moderation/reports/{report['id']}", state="resolved", note=text)
        await blog.post(moderator, f"/posts/{post['id']}/unpublish", reason=text)


def members_of(number: int, text: str) -> dict[str, Any]:
    """The members of a post that has the text wherever it may be."""
    label = text if not DIRECTIONS & {*text} else f"Post {number}"
    body = "\n\n".join([text, *(form.format(text) for form in FORMS_OF_LINKS if text in URLS)])
    return {"title": label, "body": body, "summary": label, "tags": [TAGS[number % len(TAGS)]]}
