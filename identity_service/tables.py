"""The declarative base of this service's tables, which are in the schema "identity", and their column types."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, mapped_column

from watchword.database.database import metadata_for
from watchword.jobs import jobs_table
from watchword.limits import allowances_table

NewId = Annotated[UUID, mapped_column(primary_key=True, server_default=text("uuidv7()"))]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Texts = Annotated[list[str], mapped_column(ARRAY(Text))]


class Base(DeclarativeBase):
    metadata = metadata_for("identity")


ALLOWANCES = allowances_table(Base.metadata)
JOBS = jobs_table(Base.metadata)
Index("jobs_waiting_idx", JOBS.c.run_at, postgresql_where=text("leased_until IS NULL AND dead_at IS NULL"))
"""For the processes of the previous release, which would sort all jobs that wait at each look. The next release drops
it."""
