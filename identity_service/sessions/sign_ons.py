"""The sign-on that a browser has: looking it up, and ending it."""

from identity_service.authentications import Authentication
from identity_service.ending import EndReason
from identity_service.obedience.models import Act
from identity_service.random_tokens import digest_of
from identity_service.recording.cause import by_user
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_sign_on
from identity_service.sign_ons import repository
from identity_service.sign_ons.values import LiveSignOn, SignOnLifetimes
from watchword.clock import Clock
from watchword.database.database import Database


class SignOns:
    """The sign-ons of all users."""

    def __init__(self, database: Database, recorder: Recorder, lifetimes: SignOnLifetimes, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._lifetimes = lifetimes
        self._clock = clock

    async def find(self, secret: str) -> LiveSignOn | None:
        """The live sign-on with this secret; the call counts as a use of it. None if it has ended or expired, or if its
        user is deleted, disabled or awaits verification."""
        row = await self._database.reads.fetch_row(repository.LIVE, digest=digest_of(secret)) if secret else None
        now = self._clock.now()
        if row is None or row["expires_at"] <= now:
            return None
        if now - row["last_seen_at"] >= self._lifetimes.seen_every:
            async with self._database.begin() as db:
                await repository.note_use(db, row["id"], row["created_at"], now, self._lifetimes)
        authentication = Authentication(row["authenticated_at"], row["acr"], row["amr"])
        return LiveSignOn(
            row["id"],
            row["user_id"],
            row["username"],
            authentication,
            row["must_change_password"],
            row["must_add_second_factor"],
        )

    async def end(self, secret: str) -> Act | None:
        """End the sign-on with this secret and every session of it; None if there was nothing to end."""
        async with self._database.begin() as db:
            sign_on = await repository.find_for_update(db, digest_of(secret))
            if sign_on is None:
                return None
            now = self._clock.now()
            ended = await end_sign_on(db, sign_on, EndReason.SIGNED_OUT, now)
            if not (ended.sign_on_ids or ended.session_ids):
                return None
            cause = by_user(sign_on.user_id, EndReason.SIGNED_OUT)
            enqueued = await self._recorder.sign_ons_ended(db, now, sign_on.user_id, ended, cause)
        return Act(enqueued, cause.actor, str(sign_on.id))
