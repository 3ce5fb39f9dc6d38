"""Alembic's entry point for the migrations of this service."""

from watchword.database.migrations import run_env

run_env()
