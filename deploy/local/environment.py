"""What the services are told by their environment on one machine."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.processes import LocalFailure
from deploy.local.secret_file import write_private

DATABASE = "watchword"


@dataclass(frozen=True)
class Addresses:
    """Where everything listens on 127.0.0.1; written down while it runs, so that other commands find it."""

    identity_port: int
    posts_port: int
    postgres_port: int

    @property
    def identity(self) -> str:
        """The issuer."""
        return f"http://localhost:{self.identity_port}"

    @property
    def posts(self) -> str:
        """The audience."""
        return f"http://localhost:{self.posts_port}"

    def write(self, path: Path) -> None:
        """The URLs are there for other programs; `read` needs the ports only."""
        content = asdict(self) | {"identity_url": self.identity, "posts_url": self.posts}
        write_private(path, json.dumps(content, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Addresses":
        """Raises LocalFailure when nothing runs."""
        try:
            content = json.loads(path.read_bytes())
            return cls(content["identity_port"], content["posts_port"], content["postgres_port"])
        except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
            raise LocalFailure("nothing is running here: start it with `make run`, in another terminal") from error


def service_environment(addresses: Addresses, secrets: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """`ours` and the services' settings; what `ours` says of them wins, save ports, databases and secrets."""
    identity, posts = addresses.identity, addresses.posts
    adjustable = {
        "IDENTITY_ISSUER": identity,
        "IDENTITY_HOST": "127.0.0.1",
        "IDENTITY_CORS_ORIGINS": f"{identity},{posts}",
        "IDENTITY_POSTS_AUDIENCE": posts,
        "POSTS_ISSUER": identity,
        "POSTS_AUDIENCE": posts,
        "POSTS_HOST": "127.0.0.1",
        "POSTS_CORS_ORIGINS": identity,
    }
    fixed = {
        "IDENTITY_PORT": str(addresses.identity_port),
        "POSTS_PORT": str(addresses.posts_port),
        "IDENTITY_KEY_ENCRYPTION_KEY": secrets["key_encryption_key"],
        "IDENTITY_POSTS_CLIENT_SECRET": secrets["posts_client_secret"],
        "POSTS_CLIENT_SECRET": secrets["posts_client_secret"],
    }
    for service in ("identity", "posts"):
        for variable, role in (
            ("DATABASE_URL", f"{service}_app"),
            ("MIGRATION_DATABASE_URL", f"{service}_owner"),
        ):
            login = f"{role}:{secrets[f'{role}_password']}"
            url = f"postgresql://{login}@127.0.0.1:{addresses.postgres_port}/{DATABASE}"
            fixed[f"{service.upper()}_{variable}"] = url
    return {**adjustable, **ours, **fixed}
