"""The page of somebody's own posts."""

from typing import Final

from posts_service.pages.html import SIGN_IN, my_posts
from posts_service.posts.models import State
from posts_service.posts.post_query import PostQuery
from posts_service.posts.reading import PostReading
from watchword.auth import Principal

MOST: Final = 50
"""How many drafts, and how many published posts, the page names."""


class MyPosts:
    def __init__(self, posts: PostReading) -> None:
        self._posts = posts

    async def contents(self, reader: Principal | None) -> str:
        """Who the reader is, and the titles of their newest posts; a link to sign in if nobody is signed in."""
        if reader is None:
            return SIGN_IN
        drafts = await self._posts.list(reader, PostQuery(state=State.DRAFT), None, MOST)
        published = await self._posts.list(reader, PostQuery(reader.person_id()), None, MOST)
        return my_posts(reader.username or "", drafts.items, published.items)
