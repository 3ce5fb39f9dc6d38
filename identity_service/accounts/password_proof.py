"""The proof that somebody knows the password of an account, beside a token or a link."""

from identity_service.errors import WrongPassword
from identity_service.limits import Limits
from identity_service.users.models import User
from identity_service.users.passwords import Passwords


class PasswordProof:
    """Verifies passwords within the limits of sign-ins."""

    def __init__(self, passwords: Passwords, limits: Limits) -> None:
        self._passwords = passwords
        self._limits = limits

    async def ensure_right(self, user: User, password: str) -> None:
        """Raise WrongPassword, LimitReached or HashingBusy unless this is the user's password. A caller that
        changes the account then must check, under its lock, that the hash is still the same."""
        async with self._limits.proof_attempt(user.id):
            is_right, _ = await self._passwords.verify(password, user.password_hash)
        if not is_right:
            raise WrongPassword
