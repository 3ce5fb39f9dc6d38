"""The SQL of changes of the words by which posts are searched."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, String, Table, Uuid, bindparam, case, delete, literal_column, select
from sqlalchemy.dialects.postgresql import Insert, insert

from posts_service.search.models import PostTerms
from posts_service.search.terms import terms_of
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_POST_ID: Final = bindparam("post_id", type_=Uuid())
_LANGUAGE: Final = bindparam("language", type_=String())


def insertion(new: CTE) -> CTE:
    """The part of a statement that inserts the words of a post, if it is published. `new` has one row, with its
    columns. The parameter `language` is the configuration."""
    terms = select(new.c.id, new.c.published_at, _terms_of(new.c)).where(new.c.published_at.is_not(None))
    return insert(PostTerms).from_select(["post_id", "published_at", "terms"], terms).cte("term_rows")


def _terms_of(post: Any) -> Any:
    own_summary = case((post.has_own_summary, post.summary), else_=literal_column("''"))
    return terms_of(_LANGUAGE, title=post.title, tags=post.tags, summary=own_summary, body=post.body)


def replacement(posts: Table, *conditions: ColumnElement[bool]) -> Insert:
    """Write the words of the post that meets the conditions, as it is stored. Takes `language` too."""
    terms = select(posts.c.id, posts.c.published_at, _terms_of(posts.c)).where(*conditions)
    statement = insert(PostTerms).from_select(["post_id", "published_at", "terms"], terms)
    return statement.on_conflict_do_update(index_elements=[PostTerms.post_id], set_={"terms": statement.excluded.terms})


_DELETE: Final = Statement(delete(PostTerms).where(PostTerms.post_id == _POST_ID))


async def delete_of(db: WriteTransaction, post_id: UUID) -> None:
    await db.execute(_DELETE, post_id=post_id)
