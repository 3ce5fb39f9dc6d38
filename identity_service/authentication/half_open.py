"""Half-open sign-ins: the password was right, and the account has a second factor."""

from identity_service.authentications import PASSWORD
from identity_service.errors import AccountChanged
from identity_service.half_open_sign_ins import repository
from identity_service.half_open_sign_ins.models import HalfOpenSignIn
from identity_service.half_open_sign_ins.values import LIFETIME, IssuedHalfOpenSignIn, LiveHalfOpenSignIn
from identity_service.random_tokens import digest_of, make_token
from identity_service.users import repository as users
from identity_service.users.models import SignInUser
from watchword.clock import Clock
from watchword.database.database import Database


class HalfOpenSignIns:
    """Opens half-open sign-ins and looks them up; `second_factor.py` completes them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open(self, user: SignInUser, new_hash: str | None) -> IssuedHalfOpenSignIn:
        """Open one for a user whose password was right; `new_hash` replaces an outdated hash of it. No letter tells of
        it: nobody is signed on. Raises AccountChanged."""
        secret = make_token()
        async with self._database.begin() as db:
            locked = await users.lock_unchanged(db, user)
            if locked is None:
                raise AccountChanged("the account changed during sign-in")
            if new_hash is not None:
                locked.password_hash = new_hash
            now = self._clock.now()
            half_open = HalfOpenSignIn(
                digest=digest_of(secret),
                user_id=locked.id,
                password_digest=digest_of(locked.password_hash),
                amr=[PASSWORD],
                created_at=now,
                expires_at=now + LIFETIME,
            )
            db.add(half_open)
        return IssuedHalfOpenSignIn(secret, half_open.expires_at)

    async def find(self, secret: str) -> LiveHalfOpenSignIn | None:
        """The half-open sign-in with this secret. None if it is over: it has expired, was completed or had too many
        wrong codes; or its user is deleted or disabled, or has another password or no second factor."""
        digest = digest_of(secret)
        row = await self._database.reads.fetch_row(repository.LIVE, digest=digest) if secret else None
        if row is None:
            return None
        expires_at, password_digest, username, *columns = row
        user = SignInUser(*columns)
        if expires_at <= self._clock.now() or password_digest != digest_of(user.password_hash):
            return None
        return LiveHalfOpenSignIn(digest, user, username)
