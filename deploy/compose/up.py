"""Start a stack, and take it down."""

import os
import re
from pathlib import Path

from deploy.common import CommandFailed
from deploy.compose.secret_files import delete_secrets, ensure_secrets, secrets_exist
from deploy.compose.stack import Stack, docker, docker_visibly

_LIBRARY = Path(__file__).parents[2] / "shared" / "watchword" / "__init__.py"


_MAILBOX = {"SMTP_HOST": "mailbox", "SMTP_PORT": "1025", "SMTP_SECURITY": "none"}
"""Settings for the mailbox of the profile `mail`. It is known by this name in the stack's network only."""


def up(identity: int, posts: int, *, mail: bool = False) -> None:
    """Start so many replicas of each service, with `mail` a mailbox too, and return when they are healthy.

    Raises CommandFailed after it has shown the logs of what failed, and at once if letters with `mail` go elsewhere.
    """
    stack = Stack.read()
    if mail and stack.mail_host not in ("", _MAILBOX["SMTP_HOST"]):
        raise CommandFailed(f"letters go to {stack.mail_host} (SMTP_HOST) or to the mailbox: leave one out")
    _prepare_secrets(stack)
    command = ["compose", *(["--profile", "mail"] if mail else []), "up"]
    build = ["--build"] if stack.is_built_here else []
    scale = ["--scale", f"identity={identity}", "--scale", f"posts={posts}"]
    command += [*build, "--detach", "--wait", "--remove-orphans", *scale]
    environment = {"WATCHWORD_VERSION": library_version(), **os.environ, **(_MAILBOX if mail else {})}
    if not docker_visibly(*command, environment=environment):
        _show_failures(stack)
        raise CommandFailed("the stack did not start")
    password = stack.secrets_folder / "ADMIN_PASSWORD"
    print(f"{stack.identity}/docs and {stack.posts}/docs; the password of admin is in {password}")


def down(*, volumes: bool) -> None:
    """Stop the stack; with `volumes`, delete its data, the image that was built here and the secrets too."""
    stack = Stack.read()
    options = ["--volumes"] if volumes else []
    if not docker_visibly("compose", "--profile", "*", "down", "--remove-orphans", *options):
        raise CommandFailed("the stack did not stop")
    if not volumes:
        return
    if remaining := stack.volumes():
        raise CommandFailed(f"{', '.join(remaining)} is used by another container; the secrets stay with the data")
    if stack.is_built_here:
        docker("image", "rm", "--force", stack.image)
    delete_secrets(stack.secrets_folder)


def library_version() -> str:
    """Return the version of the library, which is the version of the whole."""
    match = re.search(r'^__version__ = "(.+)"$', _LIBRARY.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise CommandFailed(f"{_LIBRARY} has no __version__")
    return match.group(1)


def _prepare_secrets(stack: Stack) -> None:
    folder = stack.secrets_folder
    is_first_start = not secrets_exist(folder)
    ensure_secrets(folder, stack.name, stack.volumes())
    if is_first_start:
        print(f"created the secrets of this stack in {folder}")


def _show_failures(stack: Stack) -> None:
    for container in stack.containers("exited", "restarting"):
        if docker("inspect", "--format", "{{.State.ExitCode}}", container).strip() != "0":
            name = docker("inspect", "--format", "{{.Name}}", container).strip("/\n")
            print(f"The last lines of {name}:", flush=True)
            docker_visibly("logs", "--tail", "10", container)
