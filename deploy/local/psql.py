"""psql with everything on its standard input, so that no secret shows in the list of processes."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.postgres_programs import PostgresFailed, clean_environment, program


@dataclass(frozen=True)
class Login:
    """A role's way into one database of a server on 127.0.0.1."""

    port: int
    database: str
    user: str
    password: str


def psql(login: Login, script: str | Path, variables: Mapping[str, str]) -> str:
    """Run the script and return what it prints, one line per row. Raises PostgresFailed at its first error."""
    text = script.read_text(encoding="utf-8") if isinstance(script, Path) else script
    settings = "".join(f"\\set {name} {_quoted(value)}\n" for name, value in variables.items())
    address = ["--host=127.0.0.1", f"--port={login.port}", f"--username={login.user}", f"--dbname={login.database}"]
    process = subprocess.run(
        [program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "--no-password", *address, "--file=-"],
        input=settings + text,
        capture_output=True,
        text=True,
        start_new_session=True,
        env=clean_environment() | {"PGPASSWORD": login.password},
    )
    if process.returncode != 0:
        raise PostgresFailed(f"psql failed in database {login.database}:\n{process.stderr.strip()}")
    return process.stdout.strip()


def _quoted(value: str) -> str:
    """Quote a value so that psql's \\set reads it back unchanged."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'"
