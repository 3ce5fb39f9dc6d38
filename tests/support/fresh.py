"""A new database for one test on the server of the test session."""

from uuid import uuid4

from sqlalchemy.engine import make_url

from deploy.local.postgres import prepare_database
from tests.support.databases import Databases


class Fresh:
    """A new database on the same server, with the roles and the empty schemas."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self.name = f"fresh_{uuid4().hex[:8]}"
        prepare_database(databases.server, self.name, databases.passwords)

    def url(self, role: str) -> str:
        return make_url(self._databases.url(role)).set(database=self.name).render_as_string(hide_password=False)

    def drop(self) -> None:
        self._databases.server.psql("postgres", f'DROP DATABASE "{self.name}" WITH (FORCE)')

    def ask(self, sql: str) -> list[str]:
        """The words that psql prints for one statement, run as superuser."""
        return self._databases.server.psql(self.name, sql).split()

    def tables(self, service: str) -> set[str]:
        return set(self.ask(f"SELECT tablename FROM pg_tables WHERE schemaname = '{service}'"))  # noqa: S608

    def columns(self, service: str) -> set[str]:
        """Every column of the schema as `table.column`."""
        named = "table_name || '.' || column_name"
        return set(self.ask(f"SELECT {named} FROM information_schema.columns WHERE table_schema = '{service}'"))  # noqa: S608

    def revision(self, service: str) -> str:
        (revision,) = self.ask(f"SELECT version_num FROM {service}.alembic_version")  # noqa: S608
        return revision
