"""PostgreSQL: transactions, the read path, notifications, advisory locks; migrations, which need Alembic, apart."""

from watchword.database.creation import create_tables
from watchword.database.database import Database, DatabaseUnavailable, metadata_for, violates
from watchword.database.notifications import Listener
from watchword.database.reads import PoolUse, ReadPool, ReadStatement

__all__ = [
    "Database",
    "DatabaseUnavailable",
    "Listener",
    "PoolUse",
    "ReadPool",
    "ReadStatement",
    "create_tables",
    "metadata_for",
    "violates",
]
