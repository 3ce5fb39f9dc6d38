"""The stack of docker-compose.yml as a test sees it: two URLs through Caddy, and `docker compose` for the rest."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.services import IDENTITY_URL, POSTS_URL

ROOT = Path(__file__).parents[2]
# Whoever runs the tests may have these set for a stack of their own, which is not ours to touch.
OURS = (
    "COMPOSE_",
    "IDENTITY_",
    "POSTS_",
    "WATCHWORD_",
    "SECRETS_FOLDER",
    "PUBLISH",
    "TRUSTED_PROXIES",
    "OTEL_",
    "MAKE",
)


class Containers:
    """One project of containers. Commands fail the test unless they succeed."""

    identity = IDENTITY_URL
    posts = POSTS_URL

    def __init__(self, environment: Mapping[str, str], folder: Path = ROOT) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.environment = {**kept, **environment}
        self._folder = folder

    def run(self, *command: str, text_in: str | None = None) -> str:
        """What the command prints."""
        done = self.attempt(*command, text_in=text_in)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def attempt(
        self, *command: str, text_in: str | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
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
        """The ids of its running containers."""
        return self.compose("ps", "--quiet", service).split()

    def execute(self, container: str, *command: str) -> str:
        return self.run("docker", "exec", container, *command)

    def inspect(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("docker", "inspect", container))[0]
        return found

    def command(self, service: str, *arguments: str) -> str:
        """A command of a service, in one of its containers."""
        return self.execute(self.replicas(service)[0], "python", "-m", f"{service}_service", *arguments)

    def roll(self, *services: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Whether it went well is for the test to say."""
        return self.attempt(sys.executable, "-m", "deploy.compose", "roll", *services, environment=environment)
