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


class Containers:
    """One project of containers. Commands fail the test unless they succeed."""

    identity = IDENTITY_URL
    posts = POSTS_URL

    def __init__(self, environment: Mapping[str, str], folder: Path = ROOT) -> None:
        self.environment = {**os.environ, **environment}
        self._folder = folder

    def run(self, *command: str, text_in: str | None = None) -> str:
        """What the command prints."""
        done = self.attempt(*command, text_in=text_in)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def attempt(self, *command: str, text_in: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment,
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

    def roll(self, *services: str) -> str:
        return self.run(sys.executable, "-m", "deploy.compose", "roll", *services)
