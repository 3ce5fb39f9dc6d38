"""The stack as compose sees it: what docker-compose.yml, the environment and .env come to together."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import LocalFailure


@dataclass(frozen=True)
class Stack:
    """`secrets` are the files, by name; `image` is the one that both services run."""

    name: str
    image: str
    identity: str
    posts: str
    secrets: Mapping[str, Path]

    @classmethod
    def read(cls) -> "Stack":
        found = json.loads(docker("compose", "config", "--format", "json"))
        settings = found["services"]["posts"]["environment"]
        return cls(
            name=found["name"],
            image=found["services"]["posts"]["image"],
            identity=settings["POSTS_ISSUER"],
            posts=settings["POSTS_AUDIENCE"],
            secrets={name: Path(one["file"]) for name, one in found["secrets"].items()},
        )

    @property
    def is_built_here(self) -> bool:
        """Not an image that somebody has named."""
        return self.image == f"{self.name}:local"

    def volumes(self) -> Sequence[str]:
        """Those that there are."""
        label = f"label=com.docker.compose.project={self.name}"
        return docker("volume", "ls", "--quiet", "--filter", label).split()

    def containers(self, *states: str) -> Sequence[str]:
        """The ids of those in these states; of all where none is named."""
        filters = [f"--filter=status={state}" for state in states]
        label = f"--filter=label=com.docker.compose.project={self.name}"
        return docker("ps", "--all", "--quiet", "--no-trunc", label, *filters).split()


def docker(*arguments: str) -> str:
    """What the command prints. Raises LocalFailure with what it says of its failure."""
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LocalFailure("docker is needed, with compose") from None
    if done.returncode != 0:
        raise LocalFailure(f"docker {' '.join(arguments[:2])}: {done.stderr.strip()}")
    return done.stdout


def docker_aloud(*arguments: str) -> bool:
    """The same for somebody to watch; False where it fails."""
    return subprocess.run(["docker", *arguments], check=False).returncode == 0
