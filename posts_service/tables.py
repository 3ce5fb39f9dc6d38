"""The declarative base of this service's tables, in the schema "posts"."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Uuid, cast, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, mapped_column

from watchword.database.database import metadata_for
from watchword.events.tables import ReceiverTables
from watchword.jobs import jobs_table
from watchword.limits import allowances_table

Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]


class Base(DeclarativeBase):
    metadata = metadata_for("posts")


RECEIVER = ReceiverTables(Base.metadata)
ALLOWANCES = allowances_table(Base.metadata)
JOBS = jobs_table(Base.metadata)
JOBS_CHANNEL: Final = "posts_jobs"
"""The channel on which the processes of this service notify each other of jobs."""

UNSYNCHRONIZED: Final[dict[str, Any]] = {"synchronize_session": False}
"""The option of a statement that changes many rows, none of which the session has loaded."""


def any_of(ids: Collection[UUID | None]) -> Any:
    """What a column is compared with to be one of these ids: one parameter, however many they are."""
    return func.any(cast(list(ids), ARRAY(Uuid)))
