"""`make identity` and `make posts`: a command of a service, with the settings that `make run` passes to it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.environment import Addresses, service_environment
from deploy.local.secret_file import load_secrets


def run_command(home: Path, service: str, arguments: Sequence[str]) -> int:
    """Run `python -m <service>_service <arguments>` and return its status. Raises CommandFailed if nothing runs."""
    addresses = Addresses.read(home / "run.json")
    environment = service_environment(addresses, load_secrets(home / "secrets.json"), os.environ, home)
    command = [sys.executable, "-m", f"{service}_service", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode
