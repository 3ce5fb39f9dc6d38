"""Asking whether a person has allowed a client something, remembering it, and taking it back."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from identity_service.clients.errors import ClientNotFound
from identity_service.clients.models import Client
from identity_service.consents import repository
from identity_service.consents.models import Application
from identity_service.device_grants import repository as device_grants
from identity_service.ending import EndReason
from identity_service.errors import ConsentNotFound
from identity_service.obedience.models import Act
from identity_service.recording.cause import Cause, by_user
from identity_service.recording.recorder import Recorder
from identity_service.sessions import repository as sessions
from identity_service.sign_ons.locking import lock_signed_on
from identity_service.sign_ons.values import LiveSignOn
from identity_service.users import repository as users
from watchword.clock import Clock
from watchword.database.database import Database, violates


class Consents:
    """What the users allow third-party clients. Times are read while the user is locked."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def scopes_of(self, user_id: UUID, client_id: str) -> frozenset[str]:
        """The scopes that this user has allowed this client."""
        row = await self._database.reads.fetch_row(repository.SCOPES, user_id=user_id, client_id=client_id)
        return frozenset(row["scopes"]) if row is not None else frozenset()

    async def covers(self, user_id: UUID, client_id: str, scopes: Collection[str]) -> bool:
        """Whether this user has allowed this client all of these scopes. Says nothing of first-party clients, which
        need no consent."""
        row = await self._database.reads.fetch_row(repository.SCOPES, user_id=user_id, client_id=client_id)
        return row is not None and set(scopes) <= set(row["scopes"])

    async def give(self, sign_on: LiveSignOn, client: Client, scopes: Sequence[str]) -> None:
        """Remember that the person in this sign-on allows the client these scopes too; nothing of a first-party client.

        Raises SignOnRequired if the sign-on has ended, ClientNotFound if the client was deleted meanwhile.
        """
        if client.is_first_party:
            return
        try:
            async with self._database.begin() as db:
                user, now = await lock_signed_on(db, sign_on, self._clock)
                await repository.upsert(db, user.id, client.id, scopes, now)
                self._recorder.consent_given(db, client.id, scopes, by_user(user.id, "allowed by its owner"))
        except IntegrityError as error:
            if violates(error, "consents_client_id_fkey"):
                raise ClientNotFound(f"{client.id} was deleted") from error
            raise

    async def list_applications(self, user_id: UUID) -> Sequence[Application]:
        """The third-party clients that this user has allowed something, by consent or on a device, ordered by name."""
        async with self._database.begin() as db:
            return await repository.list_applications(db, user_id, self._clock.now())

    async def withdraw(self, user_id: UUID, client_id: str, cause: Cause | None = None) -> Act:
        """Take back what this user has allowed this client, and end its sessions of this user; without a cause, because
        the user wants it. A code that it has not
        traded in yet is refused from then on, and so is a device that did not fetch its tokens yet. Raises
        ConsentNotFound for a client that is not in the list of applications."""
        async with self._database.begin() as db:
            await users.find_for_update(db, user_id)
            now = self._clock.now()
            if client_id not in {one.client_id for one in await repository.list_applications(db, user_id, now)}:
                raise ConsentNotFound
            await repository.delete_of(db, user_id, client_id)
            await device_grants.withdraw(db, user_id, client_id)
            ended = await sessions.end_of_client(db, user_id, client_id, EndReason.CONSENT_WITHDRAWN, now)
            cause = cause or by_user(user_id, EndReason.CONSENT_WITHDRAWN)
            self._recorder.consent_withdrawn(db, user_id, client_id, cause)
            enqueued = await self._recorder.sessions_ended(db, now, user_id, ended, cause)
        return Act(enqueued, cause.actor, client_id)
