"""Continuous reads and writes during a test, and a record of the answers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from tests.support.person import Person
from tests.support.services import unique


@dataclass
class Answers:
    """The answers under load: statuses by number, and the titles that were accepted (`promised`) or refused."""

    reads: Counter[int] = field(default_factory=Counter)
    writes: Counter[int] = field(default_factory=Counter)
    promised: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unexplained: list[str] = field(default_factory=list)
    failed_reads: list[str] = field(default_factory=list)

    def read(self, answer: httpx.Response) -> None:
        self.reads[answer.status_code] += 1
        if answer.status_code != 200:
            self.failed_reads.append(f"{answer.status_code} {answer.url} {answer.text}")

    def wrote(self, title: str, answer: httpx.Response) -> None:
        self.writes[answer.status_code] += 1
        if answer.status_code == 201:
            self.promised.add(title)
        else:
            self.refused.add(title)
            is_honest = answer.status_code == 503 and "Retry-After" in answer.headers
            if not (is_honest and answer.headers["Content-Type"] == "application/problem+json"):
                self.unexplained.append(f"{answer.status_code} {answer.text}")


@asynccontextmanager
async def under_load(ada: Person, *, readers: int = 6, writers: int = 2) -> AsyncIterator[Answers]:
    """Read posts, with and without a token, and write posts during the block. An exception fails the block."""
    answers, over = Answers(), asyncio.Event()
    first = (await ada.publish()).headers["Location"]
    urls = (f"{ada.stack.posts}{first}", f"{ada.stack.posts}/posts?limit=1")

    async def read() -> None:
        while not over.is_set():
            for url in urls:
                answers.read(await ada.http.get(url, headers=ada.headers))
            answers.read(await ada.http.get(f"{ada.stack.identity}/users/me", headers=ada.identity_headers))
            answers.read(await ada.http.get(urls[0]))

    async def write() -> None:
        while not over.is_set():
            title = unique("title")
            answers.wrote(title, await ada.publish(title=title))

    tasks = [asyncio.create_task(work()) for work in [read] * readers + [write] * writers]
    try:
        yield answers
    finally:
        over.set()
        await asyncio.gather(*tasks)


async def titles_of(ada: Person) -> Counter[str]:
    """How often each title occurs among the posts of this person."""
    me = (await ada.http.get(f"{ada.stack.identity}/users/me", headers=ada.identity_headers)).json()["id"]
    titles: Counter[str] = Counter()
    url: str | None = f"{ada.stack.posts}/posts?author={me}&limit=100"
    while url is not None:
        answer = await ada.http.get(url)
        titles.update(post["title"] for post in answer.json()["items"])
        following = answer.links.get("next", {}).get("url")
        url = str(answer.url.join(following)) if following else None
    return titles
