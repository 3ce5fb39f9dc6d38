"""`make demo`: accounts and posts to look at, created over the services' HTTP interfaces."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.common import CommandFailed
from deploy.local.demo_texts import write_post
from deploy.local.environment import Addresses, service_environment
from deploy.local.secret_file import load_secrets

# Not the names of the walk-throughs, whose passwords are in the README.
AUTHORS = ("katherine", "grace", "alan", "edsger", "barbara")
POSTS = 200
_POSTS_PER_AUTHOR = POSTS // len(AUTHORS)
_DRAFT_EVERY = 20
MODERATOR = "margaret"
_RETRY_SECONDS = 60
_MAX_PAGES = 100


@dataclass(frozen=True)
class Author:
    """A signed-in account, with a token for posts."""

    username: str
    id: str
    token: str


class Demo:
    """The two services as an application sees them."""

    def __init__(self, http: httpx.Client, addresses: Addresses, password: str) -> None:
        self._http = http
        self._identity = addresses.identity
        self._posts = addresses.posts
        self._password = password

    def register(self, username: str) -> None:
        """Create an account. One that exists already stays as it is, and costs none of the registrations that an
        address may make in an hour. Raises CommandFailed if identity does not offer the password grant."""
        form = {"grant_type": "password", "username": username, "password": self._password}
        tokens = self._call("POST", f"{self._identity}/oauth/token", data=form, expected=(200, 400))
        if "access_token" in tokens:
            return
        if tokens["error"] == "unsupported_grant_type":
            raise CommandFailed("the demo signs in with a password: start `make run` without IDENTITY_PASSWORD_GRANT")
        account = {"username": username, "email": f"{username}@example.com", "password": self._password}
        self._call("POST", f"{self._identity}/users", json=account, expected=(201, 409))

    def sign_in(self, username: str) -> Author:
        """Sign in. Raises CommandFailed if the account has another password."""
        password = {"grant_type": "password", "username": username, "password": self._password}
        own = self._tokens(**password, resource=self._identity)
        me = self._call("GET", f"{self._identity}/users/me", token=own["access_token"])
        refresh = {"grant_type": "refresh_token", "refresh_token": own["refresh_token"]}
        return Author(username, me["id"], self._tokens(**refresh, resource=self._posts)["access_token"])

    def count_posts(self, author: Author) -> int:
        """Count the author's posts, published ones and drafts."""
        return sum(1 for state in ("published", "draft") for _ in self._posts_of(author, state))

    def publish(self, author: Author, number: int) -> None:
        """Write the author's post of that number, always with the same text; every twentieth is a draft."""
        state = "draft" if number % _DRAFT_EVERY == _DRAFT_EVERY - 1 else "published"
        post = {**write_post(author.username, number)._asdict(), "state": state}
        self._call("POST", f"{self._posts}/posts", json=post, token=author.token, expected=(201,))

    def _tokens(self, **form: str) -> Any:
        return self._call("POST", f"{self._identity}/oauth/token", data=form)

    def _posts_of(self, author: Author, state: str) -> Iterator[Any]:
        query = {"author": author.id, "state": state, "limit": "100"}
        for _ in range(_MAX_PAGES):
            page = self._call("GET", f"{self._posts}/posts", params=query, token=author.token)
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def _call(
        self, method: str, url: str, *, expected: tuple[int, ...] = (200,), token: str | None = None, **content: Any
    ) -> Any:
        """Return the JSON of the answer. A 429 is retried for a minute in all."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        deadline = time.monotonic() + _RETRY_SECONDS
        while True:
            try:
                answer = self._http.request(method, url, headers=headers, **content)
            except httpx.TransportError as error:
                raise CommandFailed(f"{url} does not answer ({error}); is `make run` running?") from error
            wait = max(1, int(answer.headers.get("Retry-After", "1"))) if answer.status_code == 429 else None
            if wait is None or time.monotonic() + wait > deadline:
                break
            time.sleep(wait)
        if answer.status_code not in expected:
            raise CommandFailed(f"{method} {url} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()


def demo(home: Path, further: int) -> None:
    """Add six accounts and 200 posts, and this number of further posts by a thousand people. What exists already is
    not added again."""
    addresses = Addresses.read(home / "run.json")
    secrets = load_secrets(home / "secrets.json")
    with httpx.Client(timeout=30, trust_env=False) as http:
        services = Demo(http, addresses, secrets["demo_password"])
        for username in (*AUTHORS, MODERATOR):
            services.register(username)
        environment = service_environment(addresses, secrets, os.environ, home)
        _make_moderator(environment)
        _write_posts(services)
    if further:
        _copy_posts(environment, further)
    print(f"Accounts: {', '.join(AUTHORS)}; {MODERATOR} may edit and remove the posts of others.")
    if further:
        print(f"{further:,} further posts are by accounts with the names reader0001 to reader1000.")
    print(f"Their password: {secrets['demo_password']}")
    print(f"Sign in at {addresses.posts}/docs or {addresses.identity}/docs")


def _make_moderator(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "identity_service", "users", "set-roles", MODERATOR, "user", "moderator"]
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    if process.returncode != 0:
        raise CommandFailed(f"users set-roles failed:\n{(process.stdout + process.stderr).strip()[-2000:]}")


def _write_posts(services: Demo) -> None:
    authors = [services.sign_in(username) for username in AUTHORS]
    counts = {author: services.count_posts(author) for author in authors}
    done = sum(min(count, _POSTS_PER_AUTHOR) for count in counts.values())
    _show_progress(done, POSTS)
    for number in range(_POSTS_PER_AUTHOR):
        # Author by author within each number, so that the front page shows all of them.
        for author in authors:
            if number >= counts[author]:
                services.publish(author, number)
                done += 1
                _show_progress(done, POSTS)


def _copy_posts(environment: dict[str, str], count: int) -> None:
    # Only this needs the code of posts.
    from deploy.local.demo_copy import copy_demo

    asyncio.run(copy_demo(environment, AUTHORS[0], count, lambda done: _show_progress(done, count)))


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        bar = "#" * (30 * done // total)
        end = "\n" if done == total else ""
        print(f"\r[{bar:<30}] {done:,}/{total:,} posts", end=end, file=sys.stderr, flush=True)
    elif done % 50 == 0 or done == total:
        print(f"{done:,}/{total:,} posts", file=sys.stderr)
