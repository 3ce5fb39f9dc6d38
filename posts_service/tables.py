"""The declarative base of this service's tables, in the schema "posts"."""

from datetime import datetime
from typing import Annotated, Final

from sqlalchemy import DateTime
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
