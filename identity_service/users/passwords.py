"""Passwords: hashed off the event loop by a bounded crew, and judged before they are taken."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from passlib.context import CryptContext
from zxcvbn import zxcvbn

from identity_service.errors import HashingBusy, WeakPassword

Result = TypeVar("Result")

# As many as a random password of eight characters takes: it is just strong enough.
MIN_GUESSES: Final = 10**8
_JUDGED_CHARACTERS: Final = 48
# zxcvbn tries every combination of the letters that signs may stand for; with rare signs judged like their more
# frequent kin, nobody can make that take seconds.
_ALIKE: Final = str.maketrans("{[<|+", "(((!t")
_BCRYPT_BYTES: Final = 72
_NICENESS: Final = 15


class Passwords:
    """As many threads as cores, so that hashing takes no more than it must from the event loop; a bounded queue in
    front of them. Beyond it every method raises HashingBusy."""

    def __init__(self, *, threads: int, queue: int, rounds: int) -> None:
        # bcrypt alone stops at 72 bytes; bcrypt_sha256 takes a password of any length.
        self._context = CryptContext(
            ["bcrypt_sha256", "bcrypt"], deprecated=["bcrypt"], bcrypt_sha256__rounds=rounds, bcrypt__rounds=rounds
        )
        self._crew = ThreadPoolExecutor(threads, thread_name_prefix="hashing", initializer=_be_nice)
        self.threads = threads
        # How often each was the outcome, since this began.
        self.asked = {"taken": 0, "refused": 0}
        self._room = self._places = threads + queue
        # zxcvbn keeps the hints of the password it judges in a global variable.
        self._judging = threading.Lock()

    async def start(self) -> None:
        """Prepare what the first answer to an unknown user needs, so that it takes no longer than the others."""
        await self._run(self._context.dummy_verify)

    def stop(self) -> None:
        self._crew.shutdown(wait=False, cancel_futures=True)

    def jobs(self) -> dict[str, int]:
        """How many are hashed at this moment, and how many wait for a thread."""
        taken = self._places - self._room
        running = min(taken, self.threads)
        return {"running": running, "waiting": taken - running}

    async def hash(self, password: str) -> str:
        return await self._run(lambda: str(self._context.hash(password)))

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Whether this is the password, and a better hash to keep where the present one is outdated.

        Hashes also where there is no user: both answers must take equally long.
        """
        if password_hash is None:
            return await self._run(lambda: (bool(self._context.dummy_verify()), None))
        return await self._run(lambda: self._verify(password, password_hash))

    async def ensure_strong(
        self, password: str, hints: Collection[str], refusal: type[WeakPassword] = WeakPassword
    ) -> None:
        """Raise `refusal`, with advice, where zxcvbn thinks that too few guesses suffice."""
        judged = await self._run(lambda: self._judge(judged_part(password), hints))
        if judged["guesses"] < MIN_GUESSES:
            feedback = judged["feedback"]
            advice = [feedback["warning"], *feedback["suggestions"]]
            raise refusal(advice=" ".join(["This password is too easy to guess.", *filter(None, advice)]))

    def _verify(self, password: str, password_hash: str) -> tuple[bool, str | None]:
        # Plain bcrypt reads 72 bytes, and the library raises on more: none of our plain hashes was made of those.
        if len(password.encode()) > _BCRYPT_BYTES and self._context.identify(password_hash) == "bcrypt":
            return bool(self._context.dummy_verify()), None
        right, new_hash = self._context.verify_and_update(password, password_hash)
        return bool(right), new_hash

    def _judge(self, password: str, hints: Collection[str]) -> dict[str, Any]:
        with self._judging:
            return dict(zxcvbn(password, user_inputs=list(hints)))

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._room <= 0:
            self.asked["refused"] += 1
            raise HashingBusy("the queue is full")
        self.asked["taken"] += 1
        self._room -= 1
        future = asyncio.get_running_loop().run_in_executor(self._crew, work)
        # The place is free again when the work has ended, not when its caller has gone.
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    def _leave(self, future: "asyncio.Future[Result]") -> None:
        self._room += 1
        if not future.cancelled():
            future.exception()


def judged_part(password: str) -> str:
    """What zxcvbn is shown of a password, so that its work is bounded."""
    return password[:_JUDGED_CHARACTERS].translate(_ALIKE)


def _be_nice() -> None:
    """On Linux niceness belongs to a thread: the event loop is served first."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
