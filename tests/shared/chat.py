"""What is said in a chat, whose operations stay open, and the source of revocations that its guards obey."""

import asyncio
from collections.abc import AsyncIterator

from watchword.auth.revocations import FOR_EVER, Kind, Revocation, Revocations
from watchword.errors import Unavailable

UNTIL = 2.0**40


class Source:
    """A source of revocations. Between `lapse` and the next look it does not know what is `missed`, as after a pause;
    with `is_away` it cannot look."""

    def __init__(self) -> None:
        self.revocations = Revocations(900)
        self.missed: list[Revocation] = []
        self.is_away = False
        self.refuses_writes = False
        self.looks = 0
        self._is_current = True

    def lapse(self, *missed: Revocation) -> None:
        self.missed.extend(missed)
        self._is_current = False

    def is_current(self) -> bool:
        return self._is_current

    async def catch_up(self) -> None:
        self.looks += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("the table cannot be read")
        self._is_current = True
        for revocation in self.missed:
            self.revocations.add(revocation, 0)

    def ensure_in_contact(self, is_write: bool) -> None:
        if is_write and self.refuses_writes:
            raise Unavailable("out of contact")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Chat:
    """What the operations say: everything that is put into `said`, to everybody."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.said: list[str] = []
        self.heard: list[str] = []
        self.done: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)
        self._changed.set()
        self._changed = asyncio.Event()

    async def listen(self) -> AsyncIterator[str]:
        heard = len(self.said)
        try:
            while True:
                for text in self.said[heard:]:
                    yield text
                    heard += 1
                await self._changed.wait()
        finally:
            self.done.append("listening")


def session_revocation(session_id: str) -> Revocation:
    return Revocation(Kind.SESSION, session_id, FOR_EVER, UNTIL)
