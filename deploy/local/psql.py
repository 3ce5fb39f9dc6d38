"""psql, told everything by its input: nothing secret shows in the list of processes."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local.postgres_programs import PostgresFailed, clean_environment, program


def psql(port: int, user: str, password: str, database: str, script: str | Path, variables: Mapping[str, str]) -> str:
    """What the script prints, an unaligned line per row; the first error ends it with PostgresFailed."""
    text = script.read_text(encoding="utf-8") if isinstance(script, Path) else script
    settings = "".join(f"\\set {name} {_quoted(value)}\n" for name, value in variables.items())
    address = ["--host=127.0.0.1", f"--port={port}", f"--username={user}", f"--dbname={database}"]
    outcome = subprocess.run(
        [program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "--no-password", *address, "--file=-"],
        input=settings + text,
        capture_output=True,
        text=True,
        start_new_session=True,
        env=clean_environment() | {"PGPASSWORD": password},
    )
    if outcome.returncode != 0:
        raise PostgresFailed(f"psql failed in database {database}:\n{outcome.stderr.strip()}")
    return outcome.stdout.strip()


def _quoted(value: str) -> str:
    """A value as psql's \\set reads it back unchanged."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'"
