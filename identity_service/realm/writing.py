"""Writing what a declaration changes, each change recorded like the same act over HTTP."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients import repository as clients
from identity_service.clients.errors import ClientExists
from identity_service.clients.models import ClientRow
from identity_service.clients.values import members_of
from identity_service.events.enqueueing import NOTHING, Enqueued
from identity_service.realm.client_plans import without_new_secret
from identity_service.realm.plans import Plan, PlannedClient, PlannedService
from identity_service.realm.state import lock_roles
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from identity_service.roles import repository as roles
from identity_service.roles.changes import RoleChanges
from identity_service.roles.errors import RoleExists
from identity_service.roles.models import Role
from identity_service.roles.values import RoleView
from identity_service.services import repository as services
from identity_service.services.errors import ServiceExists, WordTaken


@dataclass(frozen=True, slots=True)
class PlanWriter:
    """Writes a plan in the transaction that has read the state for it."""

    db: AsyncSession
    role_changes: RoleChanges
    cause: Cause

    async def write(self, plan: Plan) -> Enqueued:
        """Returns the events. Raises LastAdministrator, and what is raised if a command that takes no lock has made
        something of the same name at this moment."""
        for service in plan.services:
            await self._take_words(service)
        for service in plan.services:
            await self._write_service(service)
        for client in plan.clients:
            await self._write_client(client)
        # A service's own client may be one that has just been made.
        for service in plan.services:
            await self._end_service(service)
        for client in plan.clients:
            self._record_client(client)
        return await self._write_roles(plan)

    async def _take_words(self, service: PlannedService) -> None:
        """First of all services, so that a word can go from one to another."""
        if service.before is not None:
            lost_scopes = service.before.scopes.keys() - service.after.scopes.keys()
            lost = service.before.permissions.keys() - service.after.permissions.keys()
            await services.delete_words(self.db, service.after.audience, scopes=lost_scopes, permissions=lost)

    async def _write_service(self, service: PlannedService) -> None:
        draft = service.after
        if service.before is None and not await services.insert_missing(self.db, draft.audience, draft.name):
            raise ServiceExists(f"there is a service {draft.audience} already")
        taken = [
            *await services.upsert_scopes(self.db, draft.audience, draft.scopes, keep_texts=False),
            *await services.upsert_permissions(self.db, draft.audience, draft.permissions, keep_texts=False),
        ]
        if taken:
            raise WordTaken(f"another service has got {', '.join(taken)}")

    async def _end_service(self, service: PlannedService) -> None:
        draft = service.after
        row = await services.get_for_update(self.db, draft.audience)
        row.name, row.client_id = draft.name, draft.client_id
        after: dict[str, Any] = {
            "audience": draft.audience,
            "name": draft.name,
            "client_id": draft.client_id,
            "scopes": dict(sorted(draft.scopes.items())),
            "permissions": dict(sorted(draft.permissions.items())),
        }
        before = service.before.as_members() if service.before is not None else None
        action = "service.created" if service.before is None else "service.changed"
        record_act(self.db, self.cause, action, row.id, before=before, after=after)

    async def _write_client(self, client: PlannedClient) -> None:
        if client.before is None:
            if not await clients.insert_missing(self.db, client.after):
                raise ClientExists(f"there is a client {client.after.id} already")
            return
        # Its row has been locked since it was read.
        row = await self.db.get_one(ClientRow, client.after.id)
        row.replace_by(client.after)

    def _record_client(self, client: PlannedClient) -> None:
        before, after = client.before, client.after
        if before is None:
            record_act(self.db, self.cause, "client.created", after.id, before=None, after=members_of(after))
            return
        changed = without_new_secret(client)
        if changed != before:
            members = members_of(before), members_of(changed)
            record_act(self.db, self.cause, "client.changed", after.id, before=members[0], after=members[1])
        if changed != after:
            members = members_of(changed), members_of(after)
            record_act(self.db, self.cause, "client.secret_added", after.id, before=members[0], after=members[1])

    async def _write_roles(self, plan: Plan) -> Enqueued:
        await lock_roles(self.db, [role.after.name for role in plan.roles if role.before is not None])
        changes: list[tuple[RoleView, RoleView | None]] = []
        for role in plan.roles:
            if role.before is not None and await self._write_role(role.before, role.after):
                changes.append((role.before, role.after))
            elif role.before is None:
                await self._create_role(role.after)
        return await self.role_changes.record_all(self.db, changes, self.cause) if changes else NOTHING

    async def _create_role(self, role: RoleView) -> None:
        if not await roles.insert_missing(self.db, role):
            raise RoleExists(f"there is a role {role.name} already")
        record_act(self.db, self.cause, "role.created", role.name, before=None, after=role.as_members())

    async def _write_role(self, before: RoleView, after: RoleView) -> bool:
        """Whether the role may do something else afterwards, which is recorded with an event."""
        row = await self.db.get_one(Role, after.name)
        row.description, row.requires_second_factor = after.description, after.requires_second_factor
        if before.permissions == after.permissions:
            self.role_changes.record_quietly(self.db, before, after, self.cause)
            return False
        await roles.replace_permissions(self.db, after.name, after.permissions)
        return True
