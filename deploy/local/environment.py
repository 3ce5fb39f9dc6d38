"""The addresses and the environment variables of the services on one machine."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.administrator import email_of
from deploy.common import CommandFailed, secret_settings, write_private

_TRUE = ("1", "on", "t", "true", "y", "yes")
"""The values that a setting reads as true, in any case of letters."""


@dataclass(frozen=True)
class Addresses:
    """The ports of 127.0.0.1 in use, written to a file while `make run` runs so that other commands can read them."""

    identity_port: int
    posts_port: int
    postgres_port: int

    @property
    def identity(self) -> str:
        """The issuer's URL."""
        return f"http://localhost:{self.identity_port}"

    @property
    def posts(self) -> str:
        """The audience of posts."""
        return f"http://localhost:{self.posts_port}"

    def write(self, path: Path) -> None:
        """Write the ports, and the URLs for other programs: `read` needs the ports only."""
        content = asdict(self) | {"identity_url": self.identity, "posts_url": self.posts}
        write_private(path, json.dumps(content, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Addresses":
        """Read the ports from the file. Raises CommandFailed if nothing runs."""
        try:
            content = json.loads(path.read_bytes())
            return cls(content["identity_port"], content["posts_port"], content["postgres_port"])
        except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
            raise CommandFailed("nothing is running here: start it with `make run`, in another terminal") from error


def service_environment(
    addresses: Addresses, secrets: Mapping[str, str], caller: Mapping[str, str], home: Path
) -> dict[str, str]:
    """Return the environment of the services' processes.

    Letters are files below `home`, unless `caller` names a mail server. The variables of `caller` are part of it, and
    override all settings but ports, database URLs and secrets.
    """
    identity, posts = addresses.identity, addresses.posts
    defaults = {
        "IDENTITY_ISSUER": identity,
        "IDENTITY_HOST": "127.0.0.1",
        "IDENTITY_CORS_ORIGINS": f"{identity},{posts}",
        "IDENTITY_POSTS_AUDIENCE": posts,
        # Receivers of a developer run on this machine.
        "IDENTITY_PUSH_NETWORKS": "127.0.0.0/8,::1/128",
        "IDENTITY_EMAIL_VERIFICATION": "optional",
        # curl gets a token with a password, in the walk-throughs and from `make demo`.
        "IDENTITY_PASSWORD_GRANT": "true",
        # All accounts of the walk-throughs and of `make demo` come from this one address, within an hour.
        "IDENTITY_LIMIT_REGISTRATION": "100/3600",
        **({} if caller.get("IDENTITY_SMTP_HOST") else {"IDENTITY_MAIL_FOLDER": str(mail_folder(home))}),
        "POSTS_ISSUER": identity,
        "POSTS_AUDIENCE": posts,
        "POSTS_HOST": "127.0.0.1",
        "POSTS_CORS_ORIGINS": identity,
        # `make demo` writes many posts in the name of a few people.
        "POSTS_LIMIT_POSTS": "100000/3600",
    }
    fixed = {
        "IDENTITY_PORT": str(addresses.identity_port),
        "POSTS_PORT": str(addresses.posts_port),
        # What `make run` prints, whatever the caller's environment has.
        "IDENTITY_ADMIN_USERNAME": secrets["admin_username"],
        "IDENTITY_ADMIN_EMAIL": email_of(secrets["admin_username"]),
        "IDENTITY_ADMIN_PASSWORD": secrets["admin_password"],
        "IDENTITY_POSTS_CLIENT_SECRET": secrets["posts_client_secret"],
        **secret_settings(secrets, f"127.0.0.1:{addresses.postgres_port}"),
    }
    return {**defaults, **caller, **fixed}


def offers_password_grant(environment: Mapping[str, str]) -> bool:
    """Whether identity, with these variables, gives tokens to a program that sends a password."""
    return environment["IDENTITY_PASSWORD_GRANT"].strip().lower() in _TRUE


def mail_folder(home: Path) -> Path:
    """The folder that letters are written to instead of being sent."""
    return home.resolve() / "mail"
