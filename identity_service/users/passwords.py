"""Passwords: hashed in the hashing queue, and checked for strength before they are accepted."""

from collections.abc import Callable, Collection
from typing import Final, TypeVar

from passlib.context import CryptContext

from identity_service.errors import WeakPassword
from identity_service.users import strength
from identity_service.users.hashing_queue import HashingQueue
from identity_service.users.normal_form import normal_password
from watchword.service.callers import caller_address

Result = TypeVar("Result")

MIN_GUESSES: Final = 10**8
"""The guesses that a random password of eight characters takes: such a password is just strong enough."""

_BCRYPT_BYTES: Final = 72


class Passwords:
    """Hashes passwords in a queue, in turn with those of other addresses; when it is full, every method raises
    HashingBusy.

    A password is hashed in its normal form. Hashes of plain bcrypt and of passwords in another form are accepted too,
    so that users can be imported from another system: the first sign-in replaces such a hash.
    """

    def __init__(self, *, threads: int, queue: int, rounds: int) -> None:
        # bcrypt alone reads 72 bytes; bcrypt_sha256 takes a password of any length.
        self._context = CryptContext(
            ["bcrypt_sha256", "bcrypt"], deprecated=["bcrypt"], bcrypt_sha256__rounds=rounds, bcrypt__rounds=rounds
        )
        self.queue = HashingQueue(threads=threads, waiting=queue)

    async def start(self) -> None:
        """Prepare what the first answer to an unknown user needs, so that it takes no longer than the others."""
        await self._run(self._context.dummy_verify)

    def stop(self) -> None:
        """End the threads. The next password starts new ones."""
        self.queue.stop()

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
        return await self.queue.run(work, caller_address.get())
