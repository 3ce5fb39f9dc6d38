"""The services of a declaration: what differs, and what is wrong with them."""

from collections.abc import Collection, Iterator, Mapping

from identity_service.clients.models import Client
from identity_service.realm.places import FileFault
from identity_service.realm.plans import PlannedService, as_draft
from identity_service.realm.schemas import Declaration, DeclaredService
from identity_service.realm.state import State
from identity_service.registry.needed import needed_loss
from identity_service.services.drafts import Directory, ServiceDraft
from identity_service.services.values import ServiceChanges
from watchword.errors import Fault


def plan_services(declaration: Declaration, state: State) -> Mapping[str, PlannedService]:
    """Every service that the declaration names, by its audience."""
    return {
        audience: PlannedService(state.services.get(audience), _draft(audience, declared, state))
        for audience, declared in declaration.services.items()
    }


def faults_of_services(
    planned: Mapping[str, PlannedService],
    before: Directory,
    after: Directory,
    clients: Mapping[str, Client],
    issuer: str,
) -> Iterator[FileFault]:
    """What is wrong with these services, beside what was wrong already. `before` and `after` are what all services
    have, and `clients` all clients after the change."""
    for audience, service in planned.items():
        present = service.before
        accepted = as_draft(present).faults(before) if present is not None else ()
        # An audience that is there already may be one that no service could be made with.
        known = Directory(before.audiences, after.audience_by_scope, after.audience_by_permission)
        for fault in service.after.faults(known):
            if fault not in accepted:
                yield _placed(fault, service.after)
        own_client = service.after.client_id
        if own_client is not None and own_client not in clients:
            yield FileFault(("services", audience, "client_id"), f"there is no client {own_client}")
        if present is None:
            continue
        if needed := needed_loss(issuer, present, service.after):
            yield FileFault(("services", audience), f"every installation has {needed}: it cannot be taken away")
        yield from _used_scopes(audience, present.scopes.keys() - service.after.scopes.keys(), clients)


def lost_permissions(planned: Mapping[str, PlannedService]) -> Collection[str]:
    """The permissions that services lose: they leave the roles that have them, as over HTTP."""
    lost: set[str] = set()
    for service in planned.values():
        if service.before is not None:
            lost |= service.before.permissions.keys() - service.after.permissions.keys()
    return lost


def _draft(audience: str, declared: DeclaredService, state: State) -> ServiceDraft:
    present = state.services.get(audience)
    if present is None:
        scopes, permissions = declared.scopes or {}, declared.permissions or {}
        return ServiceDraft(audience, declared.name or "", declared.client_id, scopes, permissions)
    changes = ServiceChanges(
        declared.name,
        declared.client_id,
        changes_client="client_id" in declared.model_fields_set,
        scopes=declared.scopes,
        permissions=declared.permissions,
    )
    return changes.applied_to(present)


def _used_scopes(audience: str, lost: Collection[str], clients: Mapping[str, Client]) -> Iterator[FileFault]:
    """The scopes that the service loses and that a client may still ask for: of another service that gets them, the
    client would be given what nobody has allowed it."""
    for scope in sorted(lost):
        if users := [client.id for client in clients.values() if scope in client.scopes]:
            detail = f"{', '.join(users)} may ask for {scope}: take it from the client first"
            yield FileFault(("services", audience, "scopes"), detail)


def _placed(fault: Fault, service: ServiceDraft) -> FileFault:
    """The fault at its place in the file. Its pointer has the index of a scope or a permission, the file the word."""
    member, *steps = fault.pointer.removeprefix("/body/").split("/")
    if member == "audience":
        return FileFault(("services", service.audience), fault.detail)
    if not steps:
        return FileFault(("services", service.audience, member), fault.detail)
    words = [*(service.scopes if member == "scopes" else service.permissions)]
    return FileFault(("services", service.audience, member, words[int(steps[0])]), fault.detail)
