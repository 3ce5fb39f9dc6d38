"""What a person has here, in portions: no transaction lasts longer than one of them, and no more is in memory."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import orjson
from asyncpg import Record

from posts_service.export import statements
from watchword.auth import Principal
from watchword.database.database import Database
from watchword.database.statements import Statement

PORTION: Final = 50
"""How many rows are read at a time: of the longest posts, they take some megabytes."""

END: Final = b'{"type":"end"}\n'
"""The last line. Without it the export is not whole."""

_OTHER_KINDS: Final = (
    ("comment", statements.COMMENTS, "id"),
    ("like", statements.LIKES, "post_id"),
    ("report", statements.REPORTS, "id"),
)


class Export:
    """The use case of those who take with them what is theirs."""

    def __init__(self, database: Database) -> None:
        self._reads = database.reads

    async def begin(self, person: Principal) -> AsyncIterator[bytes]:
        """The lines of an export. What is written while it runs may be missing."""
        person_id = person.person_id()
        # Here, so that the caller learns at once if the database cannot be reached.
        card = await statements.find_card(self._reads, person_id)
        return self._lines(person_id, [] if card is None else [card])

    async def _lines(self, person_id: UUID, cards: list[Record]) -> AsyncIterator[bytes]:
        yield _text("author", cards)
        async for posts in self._portions(statements.POSTS, "id", person_id):
            yield _text("post", posts)
            async for versions in self._versions([post["id"] for post in posts if post["version"] > 1]):
                yield _text("version", versions)
        for name, kind, key in _OTHER_KINDS:
            async for rows in self._portions(kind, key, person_id):
                yield _text(name, rows)
        yield END

    async def _portions(self, kind: Statement, key: str, person_id: UUID) -> AsyncIterator[list[Record]]:
        after = statements.BEGINNING
        while rows := await statements.list_portion(self._reads, kind, person_id, after, PORTION):
            yield rows
            after = rows[-1][key]

    async def _versions(self, post_ids: list[UUID]) -> AsyncIterator[list[Record]]:
        after = statements.BEGINNING, 0
        while post_ids and (rows := await statements.list_versions(self._reads, post_ids, after, PORTION)):
            yield rows
            after = rows[-1]["post_id"], rows[-1]["version"]
            post_ids = [post_id for post_id in post_ids if post_id >= after[0]]


def _text(name: str, rows: list[Record]) -> bytes:
    """A line for each row. The lines of a portion are sent together."""
    return b"".join(orjson.dumps({"type": name, **row}, default=str, option=_OPTIONS) for row in rows)


_OPTIONS: Final = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
