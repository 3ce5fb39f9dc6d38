"""Passwords: hashed in the hashing queue, and checked for strength before they are accepted."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, TypeVar

from identity_service.errors import BreachedNewPassword, BreachedPassword, WeakNewPassword, WeakPassword
from identity_service.password_settings import PasswordScheme
from identity_service.users import strength
from identity_service.users.breached import BreachedPasswords
from identity_service.users.hash_times import HashTimes
from identity_service.users.hashing import Hasher, Verification
from identity_service.users.hashing_queue import HashingQueue
from identity_service.users.normal_form import normal_password
from watchword.service.callers import caller_address
from watchword.tally import Tally

Result = TypeVar("Result")

MIN_GUESSES: Final = 10**8
"""The guesses that a random password of eight characters takes: such a password is just strong enough."""


class Passwords:
    """Hashes passwords in a queue, in turn with those of other addresses; when it is full, every method raises
    HashingBusy.

    A refused password is answered no earlier than a hash of the slowest kind in the table takes, so that the time does
    not tell which accounts exist. That wait holds no thread.
    """

    def __init__(
        self,
        *,
        threads: int,
        queue: int,
        rounds: int,
        scheme: PasswordScheme = PasswordScheme.BCRYPT_SHA256,
        words: Collection[str] = (),
        breached: BreachedPasswords | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._hasher = Hasher(scheme, rounds)
        self._words = tuple(words)
        self._breached = breached or BreachedPasswords(None, accepts_unchecked=True)
        self._pause = pause
        self.times = HashTimes()
        self.queue = HashingQueue(threads=threads, waiting=queue)

    @property
    def breach_checks(self) -> Tally:
        return self._breached.outcomes

    async def start(self) -> None:
        """Prepare what the first answer to an unknown user needs, so that it takes no longer than the others."""
        await self._run(lambda: self._hasher.verify("", None))

    async def learn(self, examples: Mapping[str, str]) -> None:
        """Learn which kinds of hashes the table has, from an example of each, and measure those of which little is
        known."""
        self.times.set_in_use(examples)
        for kind, password_hash in examples.items():
            if self.times.needs_sample(kind):
                await self._verify("", password_hash)

    def stop(self) -> None:
        """End the threads. The next password starts new ones."""
        self.queue.stop()

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(
        self, password: str, password_hash: str | None, *, is_refused: bool = False
    ) -> tuple[bool, str | None]:
        """Whether the password matches the hash, and a replacement if it does and the hash is outdated.

        Without a hash, for an unknown user, and with `is_refused`, if the caller refuses even the right password, the
        answer takes as long as for a wrong one.
        """
        done = await self._verify(password, password_hash, may_replace=not is_refused)
        if is_refused or not done.matches:
            forms = 1 if normal_password(password) == password else 2
            await self._pause(max(0.0, self.times.slowest(forms) - sum(done.seconds)))
        return done.matches, done.new_hash

    async def _verify(self, password: str, password_hash: str | None, *, may_replace: bool = True) -> Verification:
        done = await self._run(lambda: self._hasher.verify(password, password_hash, may_replace=may_replace))
        self.times.record(done.kind, done.seconds)
        return done

    async def ensure_strong(
        self, password: str, hints: Collection[str], refusal: type[WeakPassword] = WeakPassword
    ) -> None:
        """Raise `refusal`, with advice, if zxcvbn estimates that fewer than MIN_GUESSES guesses find the password.

        `hints` are what is easy to guess for this user, such as the username; their parts are easy to guess too, and so
        are the words of this installation. A password that is known from a breach is refused with BreachedPassword;
        raises BreachCheckUnavailable.
        """
        words = [*self._words, *hints, *strength.parts_of(hints)]
        estimate = await self._run(lambda: strength.estimate(normal_password(password), words))
        if estimate["guesses"] < MIN_GUESSES:
            feedback = estimate["feedback"]
            advice = [feedback["warning"], *feedback["suggestions"]]
            raise refusal(advice=" ".join(["This password is too easy to guess.", *filter(None, advice)]))
        if await self._breached.is_breached(password):
            raise BreachedNewPassword if issubclass(refusal, WeakNewPassword) else BreachedPassword

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await self.queue.run(work, caller_address.get())
