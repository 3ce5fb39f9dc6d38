"""What the services of every installation may not lose."""

from identity_service.registry.own import own_services
from identity_service.services.drafts import ServiceDraft
from identity_service.services.values import ServiceView


def own_draft(issuer: str, service: ServiceView) -> ServiceDraft | None:
    """What the set-up gives this service, if every installation has it. `issuer` is the audience of identity."""
    identity, posts = own_services(issuer, service.audience)
    if service.audience == identity.audience:
        return identity
    # The audience of posts is known to the set-up alone, and its scopes to everybody.
    return posts if posts.scopes.keys() <= service.scopes.keys() else None


def needed_loss(issuer: str, before: ServiceView, after: ServiceDraft) -> str | None:
    """What this change would take from a service of every installation; None if nothing."""
    own = own_draft(issuer, before)
    if own is None:
        return None
    lost = {*own.scopes} - {*after.scopes} | {*own.permissions} - {*after.permissions}
    if lost or (own.client_id is not None and after.client_id is None):
        return ", ".join(sorted(lost)) or own.client_id
    return None
