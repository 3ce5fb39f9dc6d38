"""The SQL of a search: the newest posts that match, and a page of them by rank.

The index of words gives all matches at once, in no order, which takes seconds for a word that many posts have; and
PostgreSQL does not know how common words are together, or what it costs to look into texts. So the newest posts are
looked at first: if many of them match, the newest matches are reached by walking back in time, and by the index of
words otherwise.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sql
from sqlalchemy import Float, Integer, Row, String, Uuid, bindparam, func, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, REAL, REGCONFIG
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.posts.columns import SUMMARY_OF_READER
from posts_service.posts.models import Post
from posts_service.search.models import PostTerms
from posts_service.search.terms import parsable

MATCHES: Final = 1_000
"""How many posts are ranked, the newest that match."""
PROBED: Final = 1_000
"""How many of the newest posts show how common the matches are."""
COMMON: Final = 20
"""If so many of them match, walking costs less than the index: it looks at no more than WALKED posts."""
WALKED: Final = 100_000
TIMEOUT_MILLISECONDS: Final = 2_000

# What an index of words gives for a common word does not fit in less memory, and would be read again without it.
_MEMORY: Final = "32MB"
_HEADLINE_CHARACTERS: Final = 3_000
MARK_BEGIN, MARK_END = "\x02", "\x03"
_MARKS: Final = f'StartSel="{MARK_BEGIN}", StopSel="{MARK_END}", MaxWords=35, MinWords=15'


class SearchQuery(NamedTuple):
    """What a reader searches for, in the syntax of web search engines, and the configuration of its language."""

    text: str
    language: str


class Place(NamedTuple):
    """The posts that are ranked, and the place in their ranking that a page begins after."""

    post_ids: Sequence[UUID]
    rank: float
    post_id: UUID


_LANGUAGE: Final = sql.cast(bindparam("language", type_=String()), REGCONFIG)
_QUERY: Final = func.websearch_to_tsquery(_LANGUAGE, parsable(bindparam("text", type_=String())))

_SETTINGS: Final = select(
    func.set_config("statement_timeout", str(TIMEOUT_MILLISECONDS), True),
    func.set_config("work_mem", _MEMORY, True),
    func.set_config("max_parallel_workers_per_gather", "0", True),
    func.set_config("jit", "off", True),
    func.set_config("plan_cache_mode", "force_custom_plan", True),
)


def _newest(terms: Any, limit: int) -> Any:
    return terms.order_by(PostTerms.published_at.desc(), PostTerms.post_id.desc()).limit(literal_column(str(limit)))


_PROBE = _newest(select(PostTerms.terms), PROBED).subquery()
_COUNT: Final = select(func.count()).where(_PROBE.c.terms.bool_op("@@")(_QUERY))

_NEWEST = _newest(select(PostTerms.post_id, PostTerms.terms), WALKED).subquery()
_WALK: Final = select(_NEWEST.c.post_id).where(_NEWEST.c.terms.bool_op("@@")(_QUERY)).limit(MATCHES)

# The offset keeps the condition from being tried along the index of time.
_ALL = (
    select(PostTerms.post_id, PostTerms.published_at)
    .where(PostTerms.terms.bool_op("@@")(_QUERY))
    .offset(literal_column("0"))
    .subquery()
)
_BY_WORDS: Final = select(_ALL.c.post_id).order_by(_ALL.c.published_at.desc(), _ALL.c.post_id.desc()).limit(MATCHES)

_RANKED = (
    select(PostTerms.post_id, func.ts_rank(PostTerms.terms, _QUERY).label("rank"))
    .join(Post, Post.id == PostTerms.post_id)
    # The previous release does not delete the words of a post that it makes a draft.
    .where(
        PostTerms.post_id == func.any(bindparam("post_ids", type_=ARRAY(Uuid()))),
        Post.state == literal_column("'published'"),
    )
    .subquery()
)
_PAGE = (
    select(_RANKED)
    .where(
        tuple_(_RANKED.c.rank, _RANKED.c.post_id)
        < tuple_(bindparam("rank", type_=REAL()), bindparam("post_id", type_=Uuid()))
    )
    .order_by(_RANKED.c.rank.desc(), _RANKED.c.post_id.desc())
    .limit(bindparam("limit", type_=Integer()))
    .subquery()
)
_TEXT: Final = parsable(func.translate(func.left(Post.body, _HEADLINE_CHARACTERS), MARK_BEGIN + MARK_END, ""))
_HEADLINE: Final = func.ts_headline(_LANGUAGE, _TEXT, _QUERY, _MARKS).label("headline")
_HITS: Final = (
    SUMMARY_OF_READER.add_columns(sql.cast(_PAGE.c.rank, Float).label("rank"), _HEADLINE)
    .join(_PAGE, _PAGE.c.post_id == Post.id)
    .order_by(_PAGE.c.rank.desc(), _PAGE.c.post_id.desc())
)


async def limit_cost(db: AsyncSession) -> None:
    """Have PostgreSQL give up statements of this transaction that take too long, and give them the memory they need."""
    await db.execute(_SETTINGS)


async def list_newest(db: AsyncSession, query: SearchQuery) -> Sequence[UUID]:
    """The newest published posts that match, at most MATCHES of them, in any order."""
    values = query._asdict()
    if ((await db.scalar(_COUNT, values)) or 0) >= COMMON:
        post_ids = (await db.scalars(_WALK, values)).all()
        if len(post_ids) == MATCHES:
            return post_ids
    return (await db.scalars(_BY_WORDS, values)).all()


async def list_hits(
    db: AsyncSession, query: SearchQuery, place: Place, limit: int, reader_id: UUID | None
) -> Sequence["Row[Any]"]:
    """The rows of some posts by rank: the columns of a view, its `rank`, and a `headline` with marks, whose text is as
    `parsable` has made it."""
    values = {**query._asdict(), **place._asdict(), "limit": limit, "reader_id": reader_id}
    return (await db.execute(_HITS, values)).all()
