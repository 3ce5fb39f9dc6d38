"""Comparing the roles, services and clients of an installation with a file that declares them, and applying it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.drafts import Reach
from identity_service.events.enqueueing import NOTHING, Enqueued
from identity_service.obedience.models import Act
from identity_service.realm.client_plans import SecretOf, faults_of_clients, plan_clients
from identity_service.realm.differences import Difference, differences_of
from identity_service.realm.places import FileFault, ensure_faultless
from identity_service.realm.plans import Plan, as_draft, directory_of
from identity_service.realm.reading import Document, read
from identity_service.realm.role_plans import faults_of_roles, plan_roles
from identity_service.realm.schemas import Declaration, declaration_of
from identity_service.realm.service_plans import faults_of_services, lost_permissions, plan_services
from identity_service.realm.state import State, lock_and_read
from identity_service.realm.writing import PlanWriter
from identity_service.recording.cause import Cause
from identity_service.roles.changes import RoleChanges
from identity_service.services.drafts import Directory
from identity_service.sessions.settling import settle_names_scopes
from watchword.database.database import Database

SUBJECT: Final = "declaration"
"""What the act of a file is done to: several roles may change in it."""


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """What differed, the secrets that were made, each by the id of its client, and the act if tokens are refused
    because of it."""

    differences: Sequence[Difference]
    secrets: dict[str, str] = field(default_factory=dict)
    act: Act | None = None


class _Rehearsed(Exception):
    """Ends the transaction of a rehearsal without its changes."""


class Realm:
    """Applies declarations. What a declaration does not name stays as it is.

    Everything is judged and written in one transaction, which holds the locks of those who change roles, services and
    clients: nobody changes anything between the two, and a declaration is applied as a whole or not at all.
    """

    def __init__(self, database: Database, issuer: str, role_changes: RoleChanges) -> None:
        self._database = database
        self._issuer = issuer
        self._role_changes = role_changes

    async def rehearse(self, content: bytes, secret_of: SecretOf, cause: Cause) -> Outcome:
        """What `apply` would change, and nothing is changed. Raises what `apply` raises."""
        document = read(content)
        declaration = declaration_of(document)
        plan = Plan((), (), ())
        try:
            async with self._database.begin() as db:
                plan = _plan(document, declaration, await lock_and_read(db, declaration), secret_of, self._issuer)
                await self._write(db, plan, cause)
                raise _Rehearsed
        except _Rehearsed:
            return Outcome(differences_of(plan))

    async def apply(self, content: bytes, secret_of: SecretOf, cause: Cause) -> Outcome:
        """Give the roles, services and clients of the file exactly what it says. Doing so twice has no further effect.

        Raises FaultyFile with everything that is wrong, LastAdministrator; and what is raised if something of the same
        name is made at this moment.
        """
        document = read(content)
        declaration = declaration_of(document)
        settled: set[str] = set()
        while True:
            async with self._database.begin() as db:
                state = await lock_and_read(db, declaration)
                plan = _plan(document, declaration, state, secret_of, self._issuer)
                changed = [client.before for client in plan.clients if client.before is not None]
                unsettled = [client for client in changed if client.id not in settled]
                if not unsettled:
                    enqueued = await self._write(db, plan, cause)
                    break
            # In transactions of their own, since there may be many: as before any change of a client.
            for client in unsettled:
                await settle_names_scopes(self._database, client)
                settled.add(client.id)
        secrets = {client.after.id: client.secret for client in plan.clients if client.secret is not None}
        return Outcome(differences_of(plan), secrets, Act(enqueued, cause.actor, SUBJECT) if enqueued else None)

    async def _write(self, db: AsyncSession, plan: Plan, cause: Cause) -> Enqueued:
        if plan == Plan((), (), ()):
            return NOTHING
        return await PlanWriter(db, self._role_changes, cause).write(plan)


def _plan(document: Document, declaration: Declaration, state: State, secret_of: SecretOf, issuer: str) -> Plan:
    """What differs. Raises FaultyFile with everything that is wrong with the declaration in this state."""
    faults: list[FileFault] = []
    services = plan_services(declaration, state)
    clients = plan_clients(declaration, state, secret_of, faults)
    lost = lost_permissions(services)
    roles = plan_roles(declaration, state, lost)
    present = {audience: as_draft(service) for audience, service in state.services.items()}
    before = directory_of(present)
    after = directory_of(present | {audience: service.after for audience, service in services.items()}, before)
    clients_after = {**state.clients, **{client_id: client.after for client_id, client in clients.items()}}
    faults.extend(faults_of_services(services, before, after, clients_after, issuer))
    faults.extend(faults_of_clients(clients, _reach(before), _reach(after)))
    faults.extend(faults_of_roles(declaration, state, after.audience_by_permission))
    ensure_faultless(faults, document.lines)
    return Plan(
        tuple(service for service in services.values() if service.differs),
        tuple(client for client in clients.values() if client.differs),
        tuple(role for role in roles.values() if role.differs),
    )


def _reach(directory: Directory) -> Reach:
    return Reach(directory.audiences, directory.audience_by_scope)
