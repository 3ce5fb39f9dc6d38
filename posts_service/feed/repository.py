"""The SQL of the feed."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, literal_column
from sqlalchemy.dialects.postgresql import ARRAY

from posts_service.posts.columns import VIEW_OF_READER
from posts_service.posts.models import Post
from posts_service.posts.view import PostView
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

VIEWS: Final = Statement(
    VIEW_OF_READER.where(
        Post.state == literal_column("'published'"), Post.id == func.any(bindparam("post_ids", type_=ARRAY(Uuid())))
    )
)


async def list_published(reads: ReadPool, post_ids: Sequence[UUID]) -> list[PostView]:
    """Those of these posts that are published, with their texts, in this order, as nobody in particular sees them."""
    rows = await reads.fetch_rows(VIEWS, post_ids=post_ids, reader_id=None)
    views = {view.id: view for view in map(PostView.of, rows)}
    return [views[post_id] for post_id in post_ids if post_id in views]
