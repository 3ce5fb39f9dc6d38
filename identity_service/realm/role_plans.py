"""The roles of a declaration, and those that lose a permission: what differs, and what is wrong with them."""

from collections.abc import Collection, Iterator, Mapping

from identity_service.realm.places import FileFault
from identity_service.realm.plans import PlannedRole
from identity_service.realm.schemas import Declaration, DeclaredRole
from identity_service.realm.state import State
from identity_service.roles.errors import RoleTooLarge
from identity_service.roles.values import RoleContent, RoleView


def plan_roles(declaration: Declaration, state: State, lost: Collection[str]) -> Mapping[str, PlannedRole]:
    """Every role that the declaration names, and every other one that has a permission which a service loses, by
    name."""
    affected = {name for name, role in state.roles.items() if not set(lost).isdisjoint(role.permissions)}
    return {
        name: PlannedRole(state.roles.get(name), _after(name, declaration.roles.get(name), state, lost))
        for name in sorted({*declaration.roles, *affected})
    }


def faults_of_roles(declaration: Declaration, state: State, known: Collection[str]) -> Iterator[FileFault]:
    """What is wrong with the roles of the declaration. `known` are the permissions of all services after it."""
    for name, declared in declaration.roles.items():
        place = ("roles", name)
        if name not in state.roles and declared.description is None:
            yield FileFault((*place, "description"), "a new role needs it")
        for index, permission in enumerate(declared.permissions or ()):
            if permission not in known:
                detail = f"no service has the permission {permission}"
                yield FileFault((*place, "permissions", index), detail)
        try:
            RoleContent(None, declared.permissions or ()).ensure_small()
        except RoleTooLarge as error:
            yield FileFault((*place, "permissions"), error.detail)


def _after(name: str, declared: DeclaredRole | None, state: State, lost: Collection[str]) -> RoleView:
    present = state.roles.get(name)
    description = present.description if present is not None else ""
    permissions = [permission for permission in present.permissions if permission not in lost] if present else []
    if declared is not None and declared.description is not None:
        description = declared.description
    if declared is not None and declared.permissions is not None:
        permissions = sorted(set(declared.permissions))
    requires = declared.requires_second_factor if declared is not None else None
    if requires is None:
        requires = present is not None and present.requires_second_factor
    return RoleView(name, description, permissions, requires)
