"""What differs between a declaration and the present state, member by member."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from identity_service.clients.values import members_of
from identity_service.realm.plans import Plan, PlannedClient, PlannedRole, PlannedService

Kind = Literal["service", "client", "role"]

_NAMES_IN_FILE: Final = {"is_first_party": "first_party"}


class MemberDifference(NamedTuple):
    """A member before and after a change, as JSON has it; None before if its owner is new."""

    member: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """A service, a client or a role that is made or changed, with the members that differ."""

    kind: Kind
    name: str
    is_new: bool
    members: tuple[MemberDifference, ...]


def differences_of(plan: Plan) -> list[Difference]:
    """What differs, in the order in which it is applied."""
    return [
        *map(_of_service, plan.services),
        *map(_of_client, plan.clients),
        *map(_of_role, plan.roles),
    ]


def _of_service(planned: PlannedService) -> Difference:
    after = planned.after
    members = {
        "name": after.name,
        "client_id": after.client_id,
        "scopes": dict(after.scopes),
        "permissions": dict(after.permissions),
    }
    before = planned.before.as_members() if planned.before is not None else None
    return _difference("service", after.audience, before, members)


def _of_client(planned: PlannedClient) -> Difference:
    before = members_of(planned.before) if planned.before is not None else None
    return _difference("client", planned.after.id, before, members_of(planned.after))


def _of_role(planned: PlannedRole) -> Difference:
    before = planned.before.as_members() if planned.before is not None else None
    return _difference("role", planned.after.name, before, planned.after.as_members())


def _difference(kind: Kind, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Difference:
    return Difference(kind, name, before is None, tuple(_members(before, after)))


def _members(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Iterator[MemberDifference]:
    for member, value in after.items():
        former = before[member] if before is not None else None
        # Of what is new, what is empty says nothing.
        if value != former and (before is not None or value not in (None, False, [], {})):
            yield MemberDifference(_NAMES_IN_FILE.get(member, member), former, value)
