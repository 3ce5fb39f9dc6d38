"""Start a stack, and take it down."""

import os
import re
from pathlib import Path

from deploy.administrator import Administrator, choose_administrator, ensure_same
from deploy.common import CommandFailed
from deploy.compose.secret_files import delete_secrets, ensure_secrets, read_administrator, secrets_exist
from deploy.compose.stack import Stack, docker, docker_visibly

_LIBRARY = Path(__file__).parents[2] / "shared" / "watchword" / "__init__.py"


_MAILBOX = {"SMTP_HOST": "mailbox", "SMTP_PORT": "1025", "SMTP_SECURITY": "none"}
"""Settings for the mailbox of the profile `mail`. It is known by this name in the stack's network only."""


def up(identity: int, posts: int, *, mail: bool = False, admin: str | None = None, email: str | None = None) -> None:
    """Start so many replicas of each service, with `mail` a mailbox too, and return when they are healthy.

    `admin` and `email` are the name and the address of the first administrator, whom the first start makes. Raises
    CommandFailed after it has shown the logs of what failed, and at once if letters with `mail` go elsewhere.
    """
    stack = Stack.read()
    if mail and stack.mail_host not in ("", _MAILBOX["SMTP_HOST"]):
        raise CommandFailed(f"letters go to {stack.mail_host} (SMTP_HOST) or to the mailbox: leave one out")
    administrator = _prepare_secrets(stack, admin, email)
    command = ["compose", *(["--profile", "mail"] if mail else []), "up"]
    build = ["--build"] if stack.is_built_here else []
    scale = ["--scale", f"identity={identity}", "--scale", f"posts={posts}"]
    command += [*build, "--detach", "--wait", "--remove-orphans", *scale]
    environment = {"WATCHWORD_VERSION": library_version(), **os.environ, **(_MAILBOX if mail else {})}
    if not docker_visibly(*command, environment=environment):
        _show_failures(stack)
        raise CommandFailed("the stack did not start")
    password = stack.secrets_folder / "ADMIN_PASSWORD"
    print(f"{stack.identity}/docs and {stack.posts}/docs\n{_first_sign_in(stack, administrator, password)}")


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


def _prepare_secrets(stack: Stack, admin: str | None, email: str | None) -> Administrator:
    """Create the secrets if there are none, and return the first administrator."""
    folder = stack.secrets_folder
    is_first_start = not secrets_exist(folder)
    ensure_secrets(folder, stack.name, stack.volumes(), choose_administrator(admin, email))
    if is_first_start:
        print(f"created the secrets of this stack in {folder}")
    administrator = read_administrator(folder)
    ensure_same(administrator, admin, email, folder)
    return administrator


def _first_sign_in(stack: Stack, administrator: Administrator, password: Path) -> str:
    name, page = administrator.username, f"{stack.identity}/sign-in"
    if administrator.is_former:
        return f"The administrator is {name}: sign in at {page} with the password in {password}, unless it was changed."
    return (
        f"The administrator is {name} ({administrator.email}). The first time, sign in at {page}\n"
        f"with the initial password in {password}, and choose your own: it expires after seven days."
    )


def _show_failures(stack: Stack) -> None:
    for container in stack.containers("exited", "restarting"):
        if docker("inspect", "--format", "{{.State.ExitCode}}", container).strip() != "0":
            name = docker("inspect", "--format", "{{.Name}}", container).strip("/\n")
            print(f"The last lines of {name}:", flush=True)
            docker_visibly("logs", "--tail", "10", container)
