"""Second factors of an account, put into its tables, and the codes of an app."""

import base64
import secrets
from datetime import datetime
from uuid import UUID

from identity_service.factor_acts.present import lock_owner
from identity_service.factor_acts.values import Owner
from identity_service.factors import one_time_codes
from identity_service.factors.models import Passkey
from identity_service.users import repository as users
from tests.support.services import Identity


class App:
    """An authenticator app, which knows its secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def code(self, now: datetime, *, steps: int = 0) -> str:
        """The code of this time, or so many steps later."""
        return one_time_codes.code_at(self._secret, one_time_codes.step_at(now) + steps)


async def add_app(identity: Identity, user_id: str) -> App:
    """Give an account an app, which has shown its code of the step before this one."""
    parts, owner = identity.parts, UUID(user_id)
    now = parts.clock.now()
    async with parts.database.begin() as db:
        enrolment = await parts.factors.codes.enrol(db, owner, owner, now)
        app = App(enrolment.secret)
        factor = await parts.factors.codes.confirm(db, owner, enrolment, app.code(now, steps=-1), now)
        user = await users.find_for_update(db, owner)
        assert factor is not None
        assert user is not None
        db.add(factor)
        user.has_second_factor = True
    return app


async def add_app_as(identity: Identity, owner: Owner) -> App:
    """Add an app as its owner does, or put it in the place of the one that there is."""
    secret = (await identity.parts.factors.apps.begin(owner)).secret
    app = App(base64.b32decode(secret))
    await identity.parts.factors.apps.confirm(owner, app.code(identity.parts.clock.now()))
    return app


async def add_recovery_codes(identity: Identity, user_id: str) -> list[str]:
    """Give an account recovery codes."""
    async with identity.parts.database.begin() as db:
        return await identity.parts.factors.codes.renew_recovery_codes(db, UUID(user_id), identity.parts.clock.now())


async def add_passkey_as(identity: Identity, owner: Owner, name: str = "My key", *, internal: bool = True) -> UUID:
    """Add a passkey as its owner does, but for the ceremony. Returns its id."""
    parts = identity.parts
    async with parts.database.begin() as db:
        user, now = await lock_owner(db, owner, parts.clock)
        passkey = Passkey(
            user_id=user.id,
            credential_id=secrets.token_bytes(16),
            public_key=b"a key",
            sign_count=0,
            is_backup_eligible=False,
            is_backed_up=False,
            transports=["internal"] if internal else ["usb"],
            aaguid=UUID(int=0),
            name=name,
            created_at=now,
            last_used_at=None,
        )
        db.add(passkey)
        await parts.factors.changes.added(db, user, passkey, owner, now)
    return passkey.id


async def remove_passkey(identity: Identity, owner: Owner, passkey_id: UUID) -> None:
    """Remove a passkey as its owner does."""
    parts = identity.parts
    async with parts.database.begin() as db:
        user, now = await lock_owner(db, owner, parts.clock)
        passkey = await db.get_one(Passkey, passkey_id)
        await db.delete(passkey)
        await parts.factors.changes.removed(db, user, passkey, owner, now)


async def enrol(identity: Identity, user_id: str) -> None:
    """Begin to add an app, without a code of it."""
    async with identity.parts.database.begin() as db:
        await identity.parts.factors.codes.enrol(db, UUID(user_id), UUID(user_id), identity.parts.clock.now())
