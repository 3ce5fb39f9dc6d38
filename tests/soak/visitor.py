"""A person who comes and goes, and meanwhile reads, writes, listens and is refused."""

import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from tests.soak.clients import Reader
from tests.soak.pace import Answers, expect
from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack

LEAST_ACTS, MOST_ACTS = 10, 50
# How likely it is that a visit ends without a sign-out, and that it ends with the deletion of the account.
WALKS_AWAY, DELETES_ACCOUNT = 0.2, 0.02
BODY = "A body. " * 60


@dataclass(frozen=True)
class Environment:
    """What all visitors share: the paths of posts of somebody else, and the form by which a service gets a token of its
    own, among others."""

    stack: Stack
    http: httpx.AsyncClient
    post_paths: Sequence[str]
    client_form: Mapping[str, str]
    answers: Answers


class Visitor:
    """One person, and another one after an account is deleted. What they do is chosen at random, and each answer must
    be the intended one."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.http, self.identity, self.posts = environment.http, environment.stack.identity, environment.stack.posts
        self.ada: Person | None = None
        self.post = ""
        self.stream: Reader | None = None
        self.acts: Mapping[Callable[[Person], Awaitable[object]], int] = {
            self.read: 30,
            self.read_again: 5,
            self.list_posts: 15,
            self.edit: 8,
            self.replace_post: 4,
            self.refresh: 8,
            self.read_account: 3,
            self.list_sessions: 2,
            self.get_client_token: 5,
            self.listen_or_leave: 4,
            self.be_refused: 5,
        }

    async def visit_until(self, end: float) -> None:
        """Make visits until `end`, a time of `time.monotonic`. An error is counted, and ends the visit."""
        while time.monotonic() < end:
            try:
                await self.visit(end)
            except Exception as error:
                self.environment.answers.fail(error)
            finally:
                await self.stop_listening()

    async def visit(self, end: float) -> None:
        """Sign in or register, act until `end` at the latest, and go."""
        if self.ada is None:
            self.ada = await Person(self.http, self.environment.stack, unique("visitor")).register()
        else:
            await self.ada.sign_in()
        await self.publish(self.ada)
        acts = random.choices(list(self.acts), list(self.acts.values()), k=random.randint(LEAST_ACTS, MOST_ACTS))
        for act in acts:
            if time.monotonic() < end:
                await act(self.ada)
        await self.delete_post(self.ada)
        if self.stream is not None:
            self.stream.ensure_open()
        await self.go(self.ada)

    async def go(self, ada: Person) -> None:
        """Sign out, which must be obeyed, or walk away, or delete the account."""
        chance = random.random()
        if chance < DELETES_ACCOUNT:
            expect(await self.http.delete(f"{self.identity}/users/me", headers=ada.identity_headers), 204)
            self.ada = None
        elif chance > DELETES_ACCOUNT + WALKS_AWAY:
            obedience = (await ada.sign_out(Prefer="wait=10")).json()
            assert obedience["outstanding"] == [], obedience
            if self.stream is not None:
                await self.stream.until_signed_out()
            expect(await self.http.get(f"{self.posts}{self.any_path()}", headers=ada.headers), 401)

    def any_path(self) -> str:
        return random.choice(self.environment.post_paths)

    async def read(self, ada: Person) -> None:
        expect(await self.http.get(f"{self.posts}{self.any_path()}", headers=ada.headers), 200)

    async def read_again(self, ada: Person) -> None:
        url = f"{self.posts}{self.any_path()}"
        etag = expect(await self.http.get(url, headers=ada.headers), 200).headers["ETag"]
        expect(await self.http.get(url, headers={**ada.headers, "If-None-Match": etag}), 304)

    async def list_posts(self, ada: Person) -> None:
        """A page, and the next one."""
        page = expect(await self.http.get(f"{self.posts}/posts?limit=20", headers=ada.headers), 200)
        expect(await self.http.get(str(page.url.join(page.links["next"]["url"])), headers=ada.headers), 200)

    async def publish(self, ada: Person) -> None:
        self.post = f"{self.posts}{expect(await ada.publish(body=BODY), 201).headers['Location']}"

    async def edit(self, ada: Person) -> None:
        expect(await self.http.patch(self.post, json={"title": unique("title")}, headers=ada.headers), 200)

    async def delete_post(self, ada: Person) -> None:
        expect(await self.http.delete(self.post, headers=ada.headers), 204)

    async def replace_post(self, ada: Person) -> None:
        await self.delete_post(ada)
        await self.publish(ada)

    async def refresh(self, ada: Person) -> None:
        """Get other tokens, and use each of them."""
        await ada.refresh()
        await self.read_account(ada)
        await self.read(ada)

    async def read_account(self, ada: Person) -> None:
        expect(await self.http.get(f"{self.identity}/users/me", headers=ada.identity_headers), 200)

    async def list_sessions(self, ada: Person) -> None:
        expect(await self.http.get(f"{self.identity}/sessions", headers=ada.identity_headers), 200)

    async def get_client_token(self, _: Person) -> None:
        expect(await self.http.post(f"{self.identity}/oauth/token", data=dict(self.environment.client_form)), 200)

    async def listen_or_leave(self, ada: Person) -> None:
        """Open a stream of posts, or leave the one that is open."""
        if self.stream is not None:
            self.stream.ensure_open()
            await self.stop_listening()
            return
        self.stream = Reader(f"{self.posts}/posts/events", ada.headers["Authorization"].removeprefix("Bearer "))
        await self.stream.until_open()

    async def stop_listening(self) -> None:
        if self.stream is not None:
            stream, self.stream = self.stream, None
            await stream.leave()

    async def be_refused(self, ada: Person) -> None:
        """Try one thing that is not allowed."""
        stranger, absent = f"{self.posts}{self.any_path()}", f"{self.posts}/posts/{'0' * 8}-0000-4000-8000-{'0' * 12}"
        method, url, headers, status = random.choice(
            [
                ("POST", f"{self.posts}/posts", {}, 401),
                ("GET", stranger, {"Authorization": f"Bearer {unique('unknown')}"}, 401),
                ("GET", stranger, ada.identity_headers, 401),
                ("DELETE", stranger, ada.headers, 403),
                ("GET", absent, ada.headers, 404),
                ("GET", f"{self.posts}/posts/malformed", ada.headers, 422),
                ("GET", f"{self.identity}/users/me", ada.headers, 401),
            ]
        )
        expect(await self.http.request(method, url, headers=headers, json={} if method == "POST" else None), status)
