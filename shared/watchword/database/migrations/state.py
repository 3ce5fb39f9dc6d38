"""How the revision of a schema compares to the revisions that the code knows."""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from watchword.errors import AppError, Unavailable

_NUMBER: Final = re.compile("[0-9]{4}")


class SchemaBehind(Unavailable):
    code = "schema_behind"


class SchemaForeign(Unavailable):
    code = "schema_foreign"


class SchemaForbidden(Unavailable):
    code = "schema_forbidden"


class SchemaAhead(AppError):
    code = "schema_ahead"


class MigrationFailed(Unavailable):
    code = "migration_failed"


class SchemaState(Enum):
    BEHIND = auto()
    AT_HEAD = auto()
    AHEAD = auto()
    FOREIGN = auto()


def compare(revision: str | None, known: Sequence[str]) -> SchemaState:
    """Compare a schema's revision, None if it has none, to those that the code knows, the newest first."""
    if revision == known[0]:
        return SchemaState.AT_HEAD
    if revision is None or revision in known:
        return SchemaState.BEHIND
    is_later = _NUMBER.fullmatch(revision) and _NUMBER.fullmatch(known[0]) and revision > known[0]
    return SchemaState.AHEAD if is_later else SchemaState.FOREIGN
