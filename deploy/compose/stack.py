"""The stack as compose sees it: docker-compose.yml with the environment and .env applied."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.common import CommandFailed


@dataclass(frozen=True)
class Stack:
    """One compose project: its image, URLs, the host that takes letters or nothing, and secrets by name."""

    name: str
    image: str
    identity: str
    posts: str
    mail_host: str
    secrets: Mapping[str, Path]

    @classmethod
    def read(cls) -> "Stack":
        """Read the stack from compose."""
        config = json.loads(docker("compose", "config", "--format", "json"))
        posts = config["services"]["posts"]
        return cls(
            name=config["name"],
            image=posts["image"],
            identity=posts["environment"]["POSTS_ISSUER"],
            posts=posts["environment"]["POSTS_AUDIENCE"],
            mail_host=config["services"]["identity"]["environment"]["IDENTITY_SMTP_HOST"],
            secrets={name: Path(secret["file"]) for name, secret in config["secrets"].items()},
        )

    @property
    def is_built_here(self) -> bool:
        """Whether `make up` builds the image; otherwise WATCHWORD_IMAGE names another."""
        return self.image == f"{self.name}:local"

    @property
    def secrets_folder(self) -> Path:
        return self.secrets["POSTGRES_PASSWORD"].parent

    def volumes(self) -> Sequence[str]:
        """List the stack's volumes that exist."""
        label = f"label=com.docker.compose.project={self.name}"
        return docker("volume", "ls", "--quiet", "--filter", label).split()

    def containers(self, *states: str) -> Sequence[str]:
        """List the ids of the stack's containers in these states, or of all if none is named."""
        filters = [f"--filter=status={state}" for state in states]
        label = f"--filter=label=com.docker.compose.project={self.name}"
        return docker("ps", "--all", "--quiet", "--no-trunc", label, *filters).split()


def docker(*arguments: str) -> str:
    """Run a docker command and return its output. Raises CommandFailed with its error message."""
    try:
        process = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CommandFailed("docker is needed, with compose") from None
    if process.returncode != 0:
        raise CommandFailed(f"docker {' '.join(arguments[:2])}: {process.stderr.strip()}")
    return process.stdout


def docker_visibly(*arguments: str, environment: Mapping[str, str] | None = None) -> bool:
    """Run a docker command with its output on the terminal, and return whether it succeeded."""
    return subprocess.run(["docker", *arguments], check=False, env=environment).returncode == 0
