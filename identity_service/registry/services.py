"""The services of an installation, as administrators make, change and delete them."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients import repository as clients
from identity_service.events.enqueueing import NOTHING, Enqueued
from identity_service.obedience.models import Act
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from identity_service.registry.needed import needed_loss, own_draft
from identity_service.roles import repository as roles
from identity_service.roles.changes import RoleChanges
from identity_service.services import repository
from identity_service.services.drafts import ServiceDraft
from identity_service.services.errors import (
    ScopeInUse,
    ServiceExists,
    ServiceInUse,
    ServiceNeeded,
    ServiceNotFound,
    WordTaken,
)
from identity_service.services.models import Service
from identity_service.services.values import Expectation, ServiceChanges, ServiceView
from watchword.database.database import Database
from watchword.errors import Fault, ensure_faultless
from watchword.http.keyset import cursor_of, id_in
from watchword.http.paging import Page

_LIST = "services"
_FIRST = UUID(int=0)


class ChangedService(NamedTuple):
    """A service after a change, and the act if tokens are refused because of that."""

    service: ServiceView
    act: Act | None


class ServiceRegistry:
    """A permission that a service loses leaves the roles that have it. A scope stays as long as a client may ask for
    it: no client, and nobody who has consented, is given the scope of another service that gets the name later.

    What the set-up gives the services of every installation cannot be taken away.
    """

    def __init__(self, database: Database, issuer: str, role_changes: RoleChanges) -> None:
        self._database = database
        self._issuer = issuer
        self._role_changes = role_changes

    async def list(self, cursor: str | None, limit: int) -> Page[ServiceView]:
        """Services in the order in which they were made. Raises InvalidCursor."""
        after = _FIRST if cursor is None else id_in(_LIST, cursor)
        rows = await self._database.reads.fetch_rows(repository.PAGE, id=after, limit=limit + 1)
        services = [ServiceView.of(row) for row in rows]
        return Page.of(services, limit, lambda service: cursor_of(_LIST, service.id.bytes))

    async def get(self, service_id: UUID) -> ServiceView:
        """Raises ServiceNotFound."""
        row = await self._database.reads.fetch_row(repository.SERVICE, id=service_id)
        if row is None:
            raise ServiceNotFound(f"there is no service {service_id}")
        return ServiceView.of(row)

    async def find_id(self, audience: str) -> UUID:
        """The id of the service with this audience. Raises ServiceNotFound."""
        async with self._database.begin() as db:
            service_id = await repository.find_id(db, audience)
        if service_id is None:
            raise ServiceNotFound(f"there is no service {audience}")
        return service_id

    async def create(self, draft: ServiceDraft, cause: Cause) -> ServiceView:
        """Raises ServiceExists, WordTaken, Faulty."""
        async with self._database.begin() as db:
            await _ensure_faultless(db, draft)
            if not await repository.insert_missing(db, draft.audience, draft.name):
                raise ServiceExists(f"there is a service {draft.audience} already")
            service = await repository.get_for_update(db, draft.audience)
            view = await _write(db, service, draft)
            record_act(db, cause, "service.created", service.id, before=None, after=view.as_members())
        return view

    async def change(
        self, service_id: UUID, changes: ServiceChanges, cause: Cause, expect: Expectation
    ) -> ChangedService:
        """Replace these members. Doing so twice has no further effect.

        Raises ServiceNotFound, ServiceNeeded, ScopeInUse, WordTaken, Faulty, LastAdministrator, and what `expect`
        raises.
        """
        async with self._database.begin() as db:
            service, before = await self._get_for_update(db, service_id, expect)
            draft = changes.applied_to(before)
            await _ensure_faultless(db, draft, before)
            if draft == _as_draft(before):
                return ChangedService(before, None)
            if needed := needed_loss(self._issuer, before, draft):
                raise ServiceNeeded(f"every installation has {needed}")
            lost_scopes = before.scopes.keys() - draft.scopes.keys()
            if users := await clients.ids_with_scopes(db, lost_scopes):
                raise ScopeInUse(f"{', '.join(users)} may ask for one of {', '.join(sorted(lost_scopes))}")
            lost = before.permissions.keys() - draft.permissions.keys()
            await repository.delete_words(db, before.audience, scopes=lost_scopes, permissions=lost)
            after = await _write(db, service, draft)
            record_act(db, cause, "service.changed", service_id, before=before.as_members(), after=after.as_members())
            enqueued = await self._take(db, lost, cause)
        return ChangedService(after, _act(enqueued, cause, service_id))

    async def delete(self, service_id: UUID, cause: Cause, expect: Expectation) -> Act | None:
        """Delete a service that no client may ask tokens for. Its permissions leave the roles that have them.

        Raises ServiceNotFound, ServiceNeeded, ServiceInUse, LastAdministrator, and what `expect` raises.
        """
        async with self._database.begin() as db:
            service, before = await self._get_for_update(db, service_id, expect)
            if own_draft(self._issuer, before) is not None:
                raise ServiceNeeded(f"every installation has the service {before.audience}")
            users = {
                *await clients.ids_with_audience(db, before.audience),
                *await clients.ids_with_scopes(db, before.scopes.keys()),
            }
            if users:
                raise ServiceInUse(f"{', '.join(sorted(users))} may ask for tokens for {before.audience}")
            await db.delete(service)
            record_act(db, cause, "service.deleted", service_id, before=before.as_members(), after=None)
            enqueued = await self._take(db, before.permissions.keys(), cause)
        return _act(enqueued, cause, service_id)

    async def _get_for_update(
        self, db: AsyncSession, service_id: UUID, expect: Expectation
    ) -> tuple[Service, ServiceView]:
        # Before the service, as whoever changes a role does.
        await roles.lock(db)
        await repository.lock(db)
        service = await repository.find_for_update(db, service_id)
        if service is None:
            raise ServiceNotFound(f"there is no service {service_id}")
        view = await _view_of(db, service)
        expect(view)
        return service, view

    async def _take(self, db: AsyncSession, permissions: Collection[str], cause: Cause) -> Enqueued:
        return await self._role_changes.take(db, permissions, cause) if permissions else NOTHING


def _as_draft(service: ServiceView) -> ServiceDraft:
    return ServiceChanges().applied_to(service)


async def _ensure_faultless(db: AsyncSession, draft: ServiceDraft, before: ServiceView | None = None) -> None:
    """Raise Faulty unless nothing is wrong with the draft but what was wrong with the service before."""
    directory = await repository.directory(db)
    accepted = _as_draft(before).faults(directory) if before is not None else ()
    faults = [fault for fault in draft.faults(directory) if fault not in accepted]
    if draft.client_id is not None and await clients.find_for_share(db, draft.client_id) is None:
        faults.append(Fault.of("client_id", f"there is no client {draft.client_id}"))
    ensure_faultless(faults)


async def _write(db: AsyncSession, service: Service, draft: ServiceDraft) -> ServiceView:
    """Give the service what the draft has. Raises WordTaken."""
    service.name, service.client_id = draft.name, draft.client_id
    await db.flush()  # before the statements that follow
    taken = [
        *await repository.upsert_scopes(db, service.audience, draft.scopes, keep_texts=False),
        *await repository.upsert_permissions(db, service.audience, draft.permissions, keep_texts=False),
    ]
    if taken:
        raise WordTaken(f"another service has got {', '.join(taken)}")
    return await _view_of(db, service)


async def _view_of(db: AsyncSession, service: Service) -> ServiceView:
    scopes, permissions = (
        await repository.scopes_of(db, service.audience),
        await repository.permissions_of(db, service.audience),
    )
    return ServiceView(service.id, service.audience, service.name, service.client_id, scopes, permissions)


def _act(enqueued: Enqueued, cause: Cause, service_id: UUID) -> Act | None:
    return Act(enqueued, cause.actor, str(service_id)) if enqueued else None
