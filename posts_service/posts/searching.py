"""The search for posts."""

import struct
from collections.abc import Hashable
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from posts_service.errors import SearchTooCostly, UnsupportedCombination
from posts_service.posts import search_statements as statements
from posts_service.posts.cursor import Cursor
from posts_service.posts.post_query import PostQuery
from posts_service.posts.search_statements import Place, SearchQuery
from posts_service.posts.search_turns import SearchTurns
from posts_service.posts.view import PostView
from posts_service.search.terms import as_written
from watchword.auth import Principal
from watchword.database.database import Database
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import Page

AT_ONCE: Final = 2
"""How many searches of a process run at the same time: they cost more than other reads, which must not wait."""

MOST_WAITING: Final = 32
"""How many searches of a process may wait for their turn; further ones are refused."""

_BEGIN: Final = (float("inf"), UUID(int=2**128 - 1))
_QUERY_CANCELED: Final = "57014"


@dataclass(frozen=True, slots=True)
class Hit:
    """A post that matches. `headline` is HTML."""

    view: PostView
    rank: float
    headline: str

    def as_summary(self) -> dict[str, Any]:
        return {**self.view.as_summary(), "headline": self.headline}


class PostSearch:
    """The use case of searching."""

    def __init__(self, database: Database, language: str) -> None:
        self._database = database
        self._language = language
        self.turns = SearchTurns(at_once=AT_ONCE, waiting=MOST_WAITING)

    async def list(
        self,
        reader: Principal | None,
        text: str,
        others: PostQuery,
        cursor: str | None,
        limit: int,
        *,
        owner: Hashable = None,
    ) -> Page[Hit]:
        """A page of the newest published posts that match, the best first. `others` are the other parameters of a
        list, which must be left out. Whoever searches much at once makes others wait little if `owner` says whose
        search it is. Raises UnsupportedCombination, InvalidCursor, SearchTooCostly, SearchBusy."""
        if others != PostQuery():
            raise UnsupportedCombination
        query = SearchQuery(text, self._language)
        begin = _BEGIN if cursor is None else _position_at(Cursor.parse(cursor, _list_name(query)))
        reader_id = None if reader is None else reader.find_person_id()
        async with self.turns.turn(owner), self._database.begin() as db:
            try:
                await statements.limit_cost(db)
                post_ids = await statements.list_newest(db, query)
                rows = await statements.list_hits(db, query, Place(post_ids, *begin), limit + 1, reader_id)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) == _QUERY_CANCELED:
                    raise SearchTooCostly from error
                raise
        hits = [Hit(PostView.of(row), row.rank, headline_as_html(row.headline)) for row in rows]
        return Page.of(hits, limit, lambda hit: str(_cursor_of(hit, query)))


def headline_as_html(headline: str) -> str:
    """A text with marks, from `search_statements`, as HTML that has no markup but `<mark>`."""
    return escape(as_written(headline)).replace(statements.MARK_BEGIN, "<mark>").replace(statements.MARK_END, "</mark>")


def _list_name(query: SearchQuery) -> str:
    return f"search {query.language} {query.text}"


def _cursor_of(hit: Hit, query: SearchQuery) -> Cursor:
    (bits,) = struct.unpack(">i", struct.pack(">f", hit.rank))
    return Cursor(_list_name(query), bits, hit.view.id)


def _position_at(cursor: Cursor) -> tuple[float, UUID]:
    """Raises InvalidCursor if no rank is written so."""
    try:
        (rank,) = struct.unpack(">f", struct.pack(">i", cursor.position))
    except struct.error:
        raise InvalidCursor from None
    # Ranks are between these; what is no number is not.
    if not 0 <= rank <= 1:
        raise InvalidCursor
    return rank, cursor.post_id
