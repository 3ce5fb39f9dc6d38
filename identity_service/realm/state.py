"""The roles, services and clients of an installation, as a declaration is compared with them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients import repository as clients
from identity_service.clients.models import Client, ClientRow
from identity_service.realm.schemas import Declaration
from identity_service.roles import repository as roles
from identity_service.roles.models import Role, RolePermission
from identity_service.roles.values import RoleView
from identity_service.services import repository as services
from identity_service.services.models import Service, ServicePermission, ServiceScope
from identity_service.services.values import ServiceView


@dataclass(frozen=True, slots=True)
class State:
    """All of them, by name, audience and id."""

    roles: Mapping[str, RoleView]
    services: Mapping[str, ServiceView]
    clients: Mapping[str, Client]


async def lock_and_read(db: AsyncSession, declaration: Declaration) -> State:
    """The present state. No role and no service changes until the transaction ends, no client gets a scope or an
    audience, and none of those that the declaration names changes in any way or is deleted."""
    # In the order of all that change roles, services and clients.
    await roles.lock(db)
    await services.lock(db)
    named = select(Service.audience).where(Service.audience.in_(declaration.services)).order_by(Service.audience)
    await db.execute(named.with_for_update(key_share=True))
    # Not their ids: whoever starts a session of the client need not wait.
    of_file = select(ClientRow.id).where(ClientRow.id.in_(declaration.clients)).order_by(ClientRow.id)
    await db.execute(of_file.with_for_update(key_share=True))
    present = await clients.list_all(db)
    return State(await _roles(db), await _services(db), {client.id: client for client in present})


async def lock_roles(db: AsyncSession, names: Collection[str]) -> None:
    """Let nobody be given one of these roles until the transaction ends."""
    await db.execute(select(Role.name).where(Role.name.in_(names)).order_by(Role.name).with_for_update())


async def _roles(db: AsyncSession) -> Mapping[str, RoleView]:
    permissions: dict[str, list[str]] = defaultdict(list)
    statement = select(RolePermission.role, RolePermission.permission)
    for row in await db.execute(statement.order_by(RolePermission.permission)):
        permissions[row.role].append(row.permission)
    rows = await db.execute(select(Role.name, Role.description, Role.requires_second_factor))
    return {
        row.name: RoleView(row.name, row.description, sorted(permissions[row.name]), row.requires_second_factor)
        for row in rows
    }


async def _services(db: AsyncSession) -> Mapping[str, ServiceView]:
    scopes, permissions = await _texts(db, ServiceScope), await _texts(db, ServicePermission)
    rows = await db.execute(select(Service.id, Service.audience, Service.name, Service.client_id))
    return {
        row.audience: ServiceView(
            row.id, row.audience, row.name, row.client_id, scopes[row.audience], permissions[row.audience]
        )
        for row in rows
    }


async def _texts(db: AsyncSession, table: type[ServiceScope | ServicePermission]) -> defaultdict[str, dict[str, str]]:
    """The words of each service with their texts, in alphabetical order, by its audience."""
    word = ServiceScope.scope if table is ServiceScope else ServicePermission.permission
    texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for audience, text, description in await db.execute(select(table.audience, word, table.description).order_by(word)):
        texts[audience][text] = description
    return texts
