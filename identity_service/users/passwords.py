"""Passwords: hashed in a thread pool with a bounded queue, and checked for strength before they are accepted."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from passlib.context import CryptContext

from identity_service.errors import HashingBusy, WeakPassword
from identity_service.users import strength
from identity_service.users.normal_form import normal_password
from watchword.tally import Tally

Result = TypeVar("Result")

MIN_GUESSES: Final = 10**8
"""The guesses that a random password of eight characters takes: such a password is just strong enough."""

_BCRYPT_BYTES: Final = 72
_NICENESS: Final = 15


class Passwords:
    """Hashes on as many threads as there are cores, at low priority, so that the event loop stays responsive. The
    queue in front of the threads is bounded; when it is full, every method raises HashingBusy.

    A password is hashed in its normal form. Hashes of plain bcrypt and of passwords in another form are accepted too,
    so that users can be imported from another system: the first sign-in replaces such a hash.
    """

    def __init__(self, *, threads: int, queue: int, rounds: int) -> None:
        # bcrypt alone reads 72 bytes; bcrypt_sha256 takes a password of any length.
        self._context = CryptContext(
            ["bcrypt_sha256", "bcrypt"], deprecated=["bcrypt"], bcrypt_sha256__rounds=rounds, bcrypt__rounds=rounds
        )
        self.threads = threads
        self._pool = self._new_pool()
        self.outcomes = Tally("accepted", "rejected")
        self._free_slots = self._slots = threads + queue

    async def start(self) -> None:
        """Prepare what the first answer to an unknown user needs, so that it takes no longer than the others."""
        await self._run(self._context.dummy_verify)

    def stop(self) -> None:
        """End the threads. The next password starts new ones, since an app may be started a second time."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._new_pool()

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="hashing", initializer=_lower_thread_priority)

    def jobs(self) -> dict[str, int]:
        """How many passwords are being hashed now, and how many wait for a thread."""
        pending = self._slots - self._free_slots
        running = min(pending, self.threads)
        return {"running": running, "waiting": pending - running}

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hash(password))

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Whether the password matches the hash, and a replacement if it does and the hash is outdated.

        Without a hash, for an unknown user, it computes as many hashes as for a wrong password: both answers must take
        equally long.
        """
        return await self._run(lambda: self._verify(password, password_hash))

    async def ensure_strong(
        self, password: str, hints: Collection[str], refusal: type[WeakPassword] = WeakPassword
    ) -> None:
        """Raise `refusal`, with advice, if zxcvbn estimates that fewer than MIN_GUESSES guesses find the password.

        `hints` are words that are easy to guess for this user, such as the username.
        """
        estimate = await self._run(lambda: strength.estimate(normal_password(password), hints))
        if estimate["guesses"] < MIN_GUESSES:
            feedback = estimate["feedback"]
            advice = [feedback["warning"], *feedback["suggestions"]]
            raise refusal(advice=" ".join(["This password is too easy to guess.", *filter(None, advice)]))

    def _hash(self, password: str) -> str:
        return str(self._context.hash(normal_password(password)))

    def _verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        normal = normal_password(password)
        matches, new_hash = self._verify_form(normal, password_hash)
        if matches or normal == password:
            return matches, new_hash
        # The hash may be older than the rule that passwords are normalized, or imported.
        matches, _ = self._verify_form(password, password_hash)
        return matches, self._hash(normal) if matches else None

    def _verify_form(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        if password_hash is None or self._is_too_long(password, password_hash):
            return bool(self._context.dummy_verify()), None
        matches, new_hash = self._context.verify_and_update(password, password_hash)
        return bool(matches), new_hash

    def _is_too_long(self, password: str, password_hash: str) -> bool:
        # The library raises on more than 72 bytes for plain bcrypt, and no imported hash was made of so many.
        return len(password.encode()) > _BCRYPT_BYTES and self._context.identify(password_hash) == "bcrypt"

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._free_slots <= 0:
            self.outcomes["rejected"] += 1
            raise HashingBusy("the queue is full")
        self.outcomes["accepted"] += 1
        self._free_slots -= 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        # The slot is free again when the work has ended, not when its caller has given up.
        future.add_done_callback(self._free_slot)
        return await asyncio.shield(future)

    def _free_slot(self, future: "asyncio.Future[Result]") -> None:
        self._free_slots += 1
        if not future.cancelled():
            # Retrieved, so that asyncio does not log it when the caller has given up.
            future.exception()


def _lower_thread_priority() -> None:
    """Raise the niceness of this thread, which Linux keeps for each thread: the event loop runs first."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
