"""Alembic runs this file; every service has the same one."""

from watchword.database.migrations import run_env

run_env()
