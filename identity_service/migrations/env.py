"""How Alembic runs this service's migrations: as every service's are run."""

from watchword.database.migrations import run_env

run_env()
