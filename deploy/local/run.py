"""`make run` and `make dev`: the database, the migrations, both services, until Ctrl-C or until one of them fails."""

import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

from deploy.administrator import FORMER_NAME
from deploy.common import DATABASE, ROLES, SERVICES, CommandFailed, exclusive_lock
from deploy.healthcheck import is_ready
from deploy.local.carry_over import carry_over_database
from deploy.local.environment import Addresses, offers_password_grant, service_environment
from deploy.local.interruptions import Interrupted, Interruptions
from deploy.local.postgres import EmbeddedPostgres, prepare_database
from deploy.local.processes import ChildProcess, end_children, is_port_free, rotate
from deploy.local.secret_file import load_secrets
from deploy.local.service_process import start_service

_READY_SECONDS = 180.0
_MIGRATE = ("migrate",)
_ACCOUNT = '{"username": "ada", "email": "ada@example.com", "password": "correct horse battery"}'


def run(
    home: Path, identity_port: int, posts_port: int, *, administrator: str | None = None, reload: bool = False
) -> None:
    """Run everything, and return after a signal. With `reload`, the services restart when their code changes.

    `administrator` is the name of the first one; default: the one that the folder remembers, or the name of the user.
    Raises CommandFailed if something failed. No process is left either way.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Interruptions() as interruptions, ExitStack() as cleanup:
        cleanup.enter_context(only_run(home))
        ensure_ports_are_free(identity_port, posts_port)
        secrets = load_secrets(home / "secrets.json", administrator)
        local = LocalRun(home, secrets, interruptions, cleanup)
        try:
            local.start(identity_port, posts_port, reload=reload)
            local.watch()
        except Interrupted:
            with suppress(OSError):
                print("\nStopping. Press Ctrl-C again to stop at once.", flush=True)


def only_run(home: Path) -> AbstractContextManager[None]:
    """Hold the lock on this folder, or raise CommandFailed with the process that holds it."""
    return exclusive_lock(home / "lock", f"{home} is in use by process {{holder}}: stop that one first")


def ensure_ports_are_free(identity_port: int, posts_port: int) -> None:
    """Raise CommandFailed if a port is in use; the message says how to choose another."""
    if identity_port == posts_port:
        raise CommandFailed(f"both services cannot have port {posts_port}")
    for variable, port in (("IDENTITY_PORT", identity_port), ("POSTS_PORT", posts_port)):
        if not is_port_free(port):
            other = port + 1000 if port < 64000 else 9001
            raise CommandFailed(f"port {port} is in use; choose another: make run {variable}={other}")


class LocalRun:
    """The processes of one `make run`; `cleanup` stops them in the reverse order of their start."""

    def __init__(
        self, home: Path, secrets: Mapping[str, str], interruptions: Interruptions, cleanup: ExitStack
    ) -> None:
        self._home = home
        self._secrets = secrets
        self._interruptions = interruptions
        self._cleanup = cleanup
        self._server = EmbeddedPostgres(home / "postgres", pause=interruptions.pause)
        self._services: list[ChildProcess] = []

    def start(self, identity_port: int, posts_port: int, *, reload: bool) -> None:
        """Return when both services are ready. Raises CommandFailed or Interrupted."""
        secrets = self._secrets
        self._start_database({role: secrets[f"{role}_password"] for role in ROLES})
        addresses = Addresses(identity_port, posts_port, self._server.port)
        environment = service_environment(addresses, secrets, os.environ, self._home)
        if reload:
            environment["WATCHWORD_RELOAD"] = "1"
        self._start_services(addresses, environment)
        self._cleanup.callback((self._home / "run.json").unlink, missing_ok=True)
        addresses.write(self._home / "run.json")
        print(welcome(addresses, secrets, self._home, environment, reload=reload), flush=True)

    def watch(self) -> None:
        """Watch the processes. Raises CommandFailed if one ends, and Interrupted after a signal."""
        while True:
            self._ensure_alive()
            self._interruptions.pause(0.1)

    def _start_database(self, passwords: dict[str, str]) -> None:
        self._cleanup.callback(self._server.stop, is_urgent=self._interruptions.is_repeated)
        self._server.start()
        carry_over_database(self._server)
        prepare_database(self._server, DATABASE, passwords)

    def _start_services(self, addresses: Addresses, environment: dict[str, str]) -> None:
        """Prepare and serve both side by side. Posts needs identity's keys, so it waits until identity listens."""
        self._cleanup.callback(end_children, self._services, is_urgent=self._interruptions.is_repeated)
        logs = {service: self._home / f"{service}.log" for service in SERVICES}
        for log in logs.values():
            rotate(log)
        self._services.append(start_service("identity", [_MIGRATE, ("setup",)], logs["identity"], environment))
        port = addresses.identity_port
        self._services.append(start_service("posts", [_MIGRATE], logs["posts"], environment, awaited_port=port))
        self._await_ready([addresses.identity_port, addresses.posts_port])

    def _await_ready(self, ports: list[int]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        for process, port in zip(self._services, ports, strict=True):
            while not is_ready(port):
                self._ensure_alive()
                if time.monotonic() > deadline:
                    raise CommandFailed(f"{process.name} does not become ready:\n{process.log_tail()}")
                self._interruptions.pause(0.05)

    def _ensure_alive(self) -> None:
        for process in (*self._services, self._server.child):
            if not process.is_alive():
                raise CommandFailed(process.failure())


def welcome(
    addresses: Addresses, secrets: Mapping[str, str], home: Path, environment: Mapping[str, str], *, reload: bool
) -> str:
    """Return the URLs, the ways to sign in and the next steps, for the person who typed the command.

    `environment` is that of the services.
    """
    identity, posts = addresses.identity, addresses.posts
    first_sign_in = _first_sign_in(identity, secrets, home / "secrets.json")
    reload_note = "\n  A service restarts when its code or the library's changes; errors are in its log.\n"
    return f"""
Watchword is running.

  identity   {identity}   {identity}/docs
  posts      {posts}   {posts}/docs

  People sign up, read and write posts at {posts}.

{first_sign_in}

{_accounts(identity, offers_password_grant(environment))}

  make demo  adds demo accounts and posts (in another terminal).
  Data and logs are in {home}/: identity.log, posts.log, postgres/log.
  Letters are files in {home}/mail/, and identity.log has their links.
{reload_note if reload else ""}
Ctrl-C ends everything; the data stays."""


def _accounts(identity: str, has_password_grant: bool) -> str:
    account = f"curl -s {identity}/users --json '{_ACCOUNT}'"
    if not has_password_grant:
        return f"""  People make accounts at {identity}/sign-up, or with curl:

    {account}

  Authorize in /docs gets a token. curl gets none: IDENTITY_PASSWORD_GRANT has switched the password grant off."""
    return f"""  People make accounts at {identity}/sign-up, or with curl. The second command gets a token for posts:

    {account}
    curl -s {identity}/oauth/token -d grant_type=password -d username=ada -d 'password=correct horse battery'

  and with -d resource={identity} one for identity itself."""


def _first_sign_in(identity: str, secrets: Mapping[str, str], path: Path) -> str:
    name, password = secrets["admin_username"], secrets["admin_password"]
    if name == FORMER_NAME:
        return f"""  The administrator is {name}. Sign in at {identity}/sign-in as {name} with the password {password}
  (made for this machine, stored in {path}), unless you have changed it."""
    return f"""  The administrator is {name}. The first time, open {identity}/sign-in, sign in as {name}
  with this initial password, and choose your own: {password}
  It is stored in {path}, is for that sign-in only, and expires after seven days;
  make identity DO="users set-password {name}" prints another one."""
