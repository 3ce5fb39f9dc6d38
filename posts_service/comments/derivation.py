"""The HTML of comments, made anew by a periodic job if an older renderer has made it."""

from collections.abc import Sequence
from typing import Final

from posts_service.comments import derivation_statements
from posts_service.comments.derivation_statements import Outdated
from watchword.database.database import Database

DERIVE: Final = "derive_comments"


class CommentDerivation:
    """The version of a comment stays as it is, and so do its times."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_outdated(self, limit: int) -> Sequence[Outdated]:
        """At most so many of the comments whose HTML an older renderer has made."""
        return await derivation_statements.list_outdated(self._database.reads, limit)

    async def write(self, outdated: Outdated, html: str) -> None:
        """Store this HTML, unless the comment has been changed or removed meanwhile."""
        async with self._database.writes.begin() as db:
            await derivation_statements.update_html(db, outdated, html)
