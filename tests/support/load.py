"""Readers and writers that never rest, and a witness who remembers what they were told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from tests.support.services import unique
from tests.support.stack import Person


@dataclass
class OnNotification:
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
            clean = answer.status_code == 503 and "Retry-After" in answer.headers
            if not (clean and answer.headers["Content-Type"] == "application/problem+json"):
                self.unexplained.append(f"{answer.status_code} {answer.text}")


@asynccontextmanager
async def under_load(ada: Person, *, readers: int = 6, writers: int = 2) -> AsyncIterator[OnNotification]:
    """Meanwhile posts are read, with and without a token, and written. What fails otherwise fails the block."""
    told, over = OnNotification(), asyncio.Event()
    first = (await ada.publish()).headers["Location"]
    urls = (f"{ada.stack.posts}{first}", f"{ada.stack.posts}/posts?limit=1", f"{ada.stack.identity}/users/me")

    async def read() -> None:
        while not over.is_set():
            for url in urls:
                told.read(await ada.http.get(url, headers=ada.headers))
            told.read(await ada.http.get(urls[0]))

    async def write() -> None:
        while not over.is_set():
            title = unique("title")
            told.wrote(title, await ada.publish(title=title))

    tasks = [asyncio.create_task(work()) for work in [read] * readers + [write] * writers]
    try:
        yield told
    finally:
        over.set()
        await asyncio.gather(*tasks)


async def titles_of(ada: Person) -> Counter[str]:
    """Every title of theirs, by how often it is there."""
    me = (await ada.http.get(f"{ada.stack.identity}/users/me", headers=ada.headers)).json()["id"]
    found: Counter[str] = Counter()
    url: str | None = f"{ada.stack.posts}/posts?author={me}&limit=100"
    while url is not None:
        answer = await ada.http.get(url)
        found.update(post["title"] for post in answer.json()["items"])
        following = answer.links.get("next", {}).get("url")
        url = str(answer.url.join(following)) if following else None
    return found
