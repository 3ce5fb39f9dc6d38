"""Take over the data of a folder that was made when this product was called postern.

.venv/bin/python -m deploy.local.carry_over --keep postern     # if both databases exist: take the old one
"""

import argparse
import sys
from pathlib import Path

from deploy.common import DATABASE, CommandFailed, exclusive_lock, exit_status
from deploy.local.postgres import EmbeddedPostgres

FORMER_DATABASE = "postern"
_RENAME_DATABASE = """SELECT format('ALTER DATABASE %I RENAME TO %I', :'old', :'new') \\gexec"""
_RENAME_CLIENT = """
    SELECT to_regclass('identity.clients') IS NOT NULL AS has_clients \\gset
    \\if :has_clients
    UPDATE identity.clients SET name = 'Watchword''s own pages' WHERE name = 'Postern''s own pages';
    \\endif
"""


def carry_over_database(server: EmbeddedPostgres) -> None:
    """Rename a database that still has the former name of the product, if there is one.

    The rename is the last step and atomic, so an interrupted run is completed by the next. Raises CommandFailed,
    with nothing changed, if both databases exist, and PostgresFailed if a program is connected to the old one.
    """
    databases = _databases(server)
    if FORMER_DATABASE not in databases:
        return
    if DATABASE in databases:
        raise CommandFailed(
            f"the embedded server has a database {FORMER_DATABASE}, from before the rename, and a database {DATABASE}."
            " Nothing was changed. Choose the one to use, the other is set aside under another name:"
            f" .venv/bin/python -m deploy.local.carry_over --keep {FORMER_DATABASE} (or {DATABASE})"
        )
    server.psql(FORMER_DATABASE, _RENAME_CLIENT)
    server.psql("postgres", _RENAME_DATABASE, {"old": FORMER_DATABASE, "new": DATABASE})


def set_aside(server: EmbeddedPostgres, database: str) -> None:
    """Rename one of both databases so that `make run` does not see it. Nothing is deleted.

    Raises CommandFailed if the other one does not exist: `make run` would go on with an empty database.
    """
    for name in (FORMER_DATABASE, DATABASE):
        if name not in _databases(server):
            raise CommandFailed(f"there is nothing to choose: the embedded server has no database {name}")
    server.psql("postgres", _RENAME_DATABASE, {"old": database, "new": f"{database}_aside"})


def _databases(server: EmbeddedPostgres) -> set[str]:
    return set(server.psql("postgres", "SELECT datname FROM pg_database").splitlines())


def main(arguments: list[str] | None = None) -> int:
    """Set aside the database that `--keep` does not name, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.carry_over", description=__doc__)
    parser.add_argument("--keep", choices=(FORMER_DATABASE, DATABASE), required=True)
    parser.add_argument("--home", type=Path, default=Path(".local"))
    options = parser.parse_args(arguments)

    def run() -> None:
        if not (options.home / "postgres" / "data").exists():
            raise CommandFailed(f"{options.home} has no embedded server")
        with (
            exclusive_lock(options.home / "lock", "stop `make run` first (process {holder})"),
            EmbeddedPostgres(options.home / "postgres") as server,
        ):
            set_aside(server, DATABASE if options.keep == FORMER_DATABASE else FORMER_DATABASE)

    return exit_status("run", run)


if __name__ == "__main__":
    sys.exit(main())
