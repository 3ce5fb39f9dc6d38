"""Acting as a person who is signed on, under a lock."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import SignOnRequired
from identity_service.sign_ons import repository
from identity_service.sign_ons.values import LiveSignOn
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.clock import Clock


async def lock_signed_on(db: AsyncSession, sign_on: LiveSignOn, clock: Clock) -> tuple[User, datetime]:
    """The user of a sign-on that is still live, the rows of both locked until the transaction ends, and the time, which
    was read under that lock. Raises SignOnRequired if it has ended since the request was let in."""
    user = await users.find_for_update(db, sign_on.user_id)
    row = await repository.find_of_user_for_update(db, sign_on.user_id, sign_on.id)
    now = clock.now()
    if user is None or row is None or not row.is_live(now):
        raise SignOnRequired("the sign-on ended during the request")
    return user, now
