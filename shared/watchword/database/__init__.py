"""PostgreSQL: transactions, hot reads and hot writes, notifications, locks; migrations, which need Alembic, apart."""

from watchword.database.creation import create_tables
from watchword.database.database import Database, DatabaseUnavailable, metadata_for, violates
from watchword.database.joint_read import JointRead
from watchword.database.notifications import Listener
from watchword.database.pool import PoolUse
from watchword.database.reads import ReadPool
from watchword.database.runners import SessionRunner, StatementRunner
from watchword.database.statements import Statement
from watchword.database.writes import WritePool, WriteTransaction

__all__ = [
    "Database",
    "DatabaseUnavailable",
    "JointRead",
    "Listener",
    "PoolUse",
    "ReadPool",
    "SessionRunner",
    "Statement",
    "StatementRunner",
    "WritePool",
    "WriteTransaction",
    "create_tables",
    "metadata_for",
    "violates",
]
