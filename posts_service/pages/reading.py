"""What the reading pages show."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from posts_service.comments.reading import CommentReading
from posts_service.pages.environment import with_query
from posts_service.posts.post_query import PostQuery, Sort
from posts_service.posts.reading import PostReading
from posts_service.posts.searching import PostSearch
from posts_service.posts.view import PostView
from posts_service.tags.reading import TagReading
from watchword.http.paging import Page

PAGE_LENGTH: Final = 20
_TAGS: Final = 30
_ORDERS: Final = ((Sort.NEWEST, "Newest"), (Sort.OLDEST, "Oldest"), (Sort.MOST_LIKED, "Most liked"))


@dataclass(frozen=True, slots=True)
class HomeQuery:
    """The query of the home page: which posts it lists, and in which order."""

    q: str | None = None
    author: UUID | None = None
    tag: str | None = None
    sort: Sort = Sort.NEWEST

    @property
    def is_filtered(self) -> bool:
        return self != HomeQuery(sort=self.sort)

    def path(self, cursor: str | None = None) -> str:
        """The address of the page of this list that begins at the cursor."""
        sort = None if self.sort is Sort.NEWEST else str(self.sort)
        author = None if self.author is None else str(self.author)
        return with_query("/", q=self.q, author=author, tag=self.tag, sort=sort, cursor=cursor)


class ReadingPages:
    """Reads what the pages for everybody show, which does not depend on the reader."""

    def __init__(self, posts: PostReading, search: PostSearch, tags: TagReading, comments: CommentReading) -> None:
        self._posts = posts
        self._search = search
        self._tags = tags
        self._comments = comments

    async def home(self, query: HomeQuery, cursor: str | None, owner: Hashable) -> dict[str, Any]:
        """The values that `home.html` shows. Raises InvalidCursor, and what PostSearch.list raises for a search."""
        if query.q is not None:
            return await self._results(query, query.q, cursor, owner)
        page, tags = await asyncio.gather(
            self._posts.list(None, PostQuery(query.author, query.tag, sort=query.sort), cursor, PAGE_LENGTH),
            self._tags.list(None, _TAGS),
        )
        heading = _heading(query, page.items)
        return {
            **_list_words(query, cursor, heading, page),
            "posts": page.items,
            "headlines": None,
            "tags": [tag.name for tag in tags.items],
            "nothing": "Nothing has been published yet." if not query.is_filtered else "No post matches.",
        }

    async def _results(self, query: HomeQuery, text: str, cursor: str | None, owner: Hashable) -> dict[str, Any]:
        others = PostQuery(query.author, query.tag, sort=query.sort)
        page = await self._search.list(None, text, others, cursor, PAGE_LENGTH, owner=owner)
        return {
            **_list_words(query, cursor, f"Posts that match “{text}”", page),
            "posts": [hit.view for hit in page.items],
            "headlines": {hit.view.id: hit.headline for hit in page.items},
            "tags": [],
            "nothing": "No post matches.",
        }

    async def post(self, slug: str, cursor: str | None) -> dict[str, Any]:
        """The values that `post.html` shows. `cursor` is that of the comments. Raises PostNotFound, InvalidCursor."""
        post = await self._posts.read_by_slug(None, slug)
        comments = await self._comments.list_of(None, post.id, cursor, PAGE_LENGTH)
        next_cursor = comments.next_cursor
        next_page = None if next_cursor is None else with_query(f"/p/{post.slug}", comments=next_cursor) + "#comments"
        return {"title": post.title, "post": post, "comments": comments.items, "next_page": next_page}


def _list_words(query: HomeQuery, cursor: str | None, heading: str, page: Page[Any]) -> dict[str, Any]:
    author = None if query.author is None else str(query.author)
    return {
        "title": heading,
        "heading": heading,
        "query": query,
        "is_filtered": query.is_filtered,
        "orders": _ORDERS,
        "path": query.path(cursor),
        "feed": with_query("/feed.atom", author=author, tag=query.tag),
        "feed_title": "Posts" if query.q is not None else heading,
        "next_page": None if page.next_cursor is None else query.path(page.next_cursor),
    }


def _heading(query: HomeQuery, posts: list[PostView]) -> str:
    if query.author is not None:
        by = f"Posts by {posts[0].username}" if posts else "Posts by somebody"
        return f"{by} about {query.tag}" if query.tag is not None else by
    return "Posts" if query.tag is None else f"Posts about {query.tag}"
