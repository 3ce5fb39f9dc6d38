"""Run commands in the stack of docker-compose.yml, whose two URLs lead to Caddy."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.services import IDENTITY_URL, POSTS_URL

ROOT = Path(__file__).parents[2]
# A developer may have variables with these prefixes set for another stack; the tests must not touch that one.
PREFIXES = (
    "COMPOSE_",
    "IDENTITY_",
    "POSTS_",
    "WATCHWORD_",
    "SECRETS_FOLDER",
    "FORMER_KEYS_FILE",
    "PUBLISH",
    "POSTGRES_IMAGE",
    "CADDY_IMAGE",
    "MAILPIT_IMAGE",
    "PROMETHEUS_IMAGE",
    "PYTHON_IMAGE",
    "TRUSTED_PROXIES",
    "PUSH_NETWORKS",
    "ADMIN_",
    "EMAIL_VERIFICATION",
    "MAIL_SENDER",
    "SMTP_",
    "OTEL_",
    "MAKE",
)


class Containers:
    """One compose project. A command that fails also fails the test, unless it is run by `attempt` or `roll`."""

    identity = IDENTITY_URL
    posts = POSTS_URL

    def __init__(self, environment: Mapping[str, str], folder: Path = ROOT) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
        self.environment = {**inherited, **environment}
        self._folder = folder

    def run(self, *command: str, text_in: str | None = None) -> str:
        """The output of the command, which must succeed."""
        outcome = self.attempt(*command, text_in=text_in)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout

    def attempt(
        self, *command: str, text_in: str | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The outcome of the command, whether it succeeds or not."""
        return subprocess.run(
            command,
            env={**self.environment, **(environment or {})},
            cwd=self._folder,
            input=text_in,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def compose(self, *arguments: str, text_in: str | None = None) -> str:
        return self.run("docker", "compose", *arguments, text_in=text_in)

    def replicas(self, service: str) -> Sequence[str]:
        """The ids of the running containers of a service."""
        return self.compose("ps", "--quiet", service).split()

    def execute(self, container: str, *command: str) -> str:
        return self.run("docker", "exec", container, *command)

    def inspect(self, container: str) -> dict[str, Any]:
        description: dict[str, Any] = json.loads(self.run("docker", "inspect", container))[0]
        return description

    def command(self, service: str, *arguments: str) -> str:
        """Run a command of a service in one of its containers and return the output."""
        return self.execute(self.replicas(service)[0], "python", "-m", f"{service}_service", *arguments)

    def roll(self, *services: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Replace the containers of these services, or of all. The outcome may be a failure."""
        return self.attempt(sys.executable, "-m", "deploy.compose", "roll", *services, environment=environment)
