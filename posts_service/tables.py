"""The declarative base of this service's tables, in the schema "posts"."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, mapped_column

from watchword.database.database import metadata_for
from watchword.events.tables import ReceiverTables

Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]


class Base(DeclarativeBase):
    metadata = metadata_for("posts")


RECEIVER = ReceiverTables(Base.metadata)
