"""`make demo`: accounts and posts to look at, made through the services' own HTTP interfaces."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.demo_texts import write_post
from deploy.local.environment import Addresses, service_environment
from deploy.local.processes import LocalFailure
from deploy.local.secret_file import load_secrets

AUTHORS = ("ada", "grace", "alan", "edsger", "barbara")
POSTS = 200
_EACH = POSTS // len(AUTHORS)
_DRAFT_EVERY = 20
_MODERATOR = "moderator"
_PATIENCE_SECONDS = 60
_MOST_PAGES = 100


@dataclass(frozen=True)
class Author:
    """Somebody signed in."""

    username: str
    id: str
    token: str


class Demo:
    """The two services as a client sees them."""

    def __init__(self, http: httpx.Client, addresses: Addresses, password: str) -> None:
        self._http = http
        self._identity = addresses.identity
        self._posts = addresses.posts
        self._password = password

    def register(self, username: str) -> None:
        """An account that exists already is left alone."""
        account = {"username": username, "email": f"{username}@example.com", "password": self._password}
        self._call("POST", f"{self._identity}/users", json=account, fine=(201, 409))

    def sign_in(self, username: str) -> Author:
        """Fails where the account exists with another password."""
        form = {"grant_type": "password", "username": username, "password": self._password}
        token = self._call("POST", f"{self._identity}/oauth/token", data=form)["access_token"]
        me = self._call("GET", f"{self._identity}/users/me", token=token)
        return Author(username, me["id"], token)

    def count_posts(self, author: Author) -> int:
        """Published ones and drafts."""
        return sum(1 for state in ("published", "draft") for _ in self._posts_of(author, state))

    def publish(self, author: Author, number: int) -> None:
        """The author's post of that number, the same whenever it is written; some are drafts."""
        title, body = write_post(author.username, number)
        state = "draft" if number % _DRAFT_EVERY == _DRAFT_EVERY - 1 else "published"
        post = {"title": title, "body": body, "state": state}
        self._call("POST", f"{self._posts}/posts", json=post, token=author.token, fine=(201,))

    def _posts_of(self, author: Author, state: str) -> Iterator[Any]:
        query = {"author": author.id, "state": state, "limit": "100"}
        for _ in range(_MOST_PAGES):
            page = self._call("GET", f"{self._posts}/posts", params=query, token=author.token)
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def _call(
        self, method: str, url: str, *, fine: tuple[int, ...] = (200,), token: str | None = None, **what: Any
    ) -> Any:
        """The answer's JSON. A service that asks for patience gets a minute of it in all."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                answer = self._http.request(method, url, headers=headers, **what)
            except httpx.TransportError as error:
                raise LocalFailure(f"{url} does not answer ({error}); is `make run` running?") from error
            wait = max(1, int(answer.headers.get("Retry-After", "1"))) if answer.status_code == 429 else None
            if wait is None or time.monotonic() + wait > deadline:
                break
            time.sleep(wait)
        if answer.status_code not in fine:
            raise LocalFailure(f"{method} {url} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()


def demo(home: Path) -> None:
    """May be called again: it adds what is missing of six accounts and 200 posts."""
    addresses = Addresses.read(home / "run.json")
    secrets = load_secrets(home / "secrets.json")
    with httpx.Client(timeout=30, trust_env=False) as http:
        client = Demo(http, addresses, secrets["demo_password"])
        for username in (*AUTHORS, _MODERATOR):
            client.register(username)
        _make_moderator(service_environment(addresses, secrets, os.environ))
        _write_posts(client)
    print(f"Accounts: {', '.join(AUTHORS)}; {_MODERATOR} may edit and remove what others wrote.")
    print(f"Their password: {secrets['demo_password']}")
    print(f"Sign in at {addresses.posts} or {addresses.identity}/docs")


def _make_moderator(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "identity_service", "set-roles", _MODERATOR, "user", "moderator"]
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True)
    if outcome.returncode != 0:
        raise LocalFailure(f"set-roles failed:\n{(outcome.stdout + outcome.stderr).strip()[-2000:]}")


def _write_posts(client: Demo) -> None:
    authors = [client.sign_in(username) for username in AUTHORS]
    there = {author: client.count_posts(author) for author in authors}
    done = sum(min(count, _EACH) for count in there.values())
    _show_progress(done)
    for number in range(_EACH):
        # Author after author within each number, so that the front page shows them all.
        for author in authors:
            if number >= there[author]:
                client.publish(author, number)
                done += 1
                _show_progress(done)


def _show_progress(done: int) -> None:
    if sys.stderr.isatty():
        bar = "#" * (30 * done // POSTS)
        print(
            f"\r[{bar:<30}] {done}/{POSTS} posts",
            end="\n" if done == POSTS else "",
            file=sys.stderr,
            flush=True,
        )
    elif done % 50 == 0:
        print(f"{done}/{POSTS} posts", file=sys.stderr)
