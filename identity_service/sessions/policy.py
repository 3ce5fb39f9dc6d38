"""What the access token of a refresh may be for."""

from identity_service.clients.models import Client
from identity_service.clients.narrowing import Target, audience_within, scopes_within
from identity_service.sessions.models import Session
from identity_service.sessions.values import PresentedRefreshToken


def narrow(presented: PresentedRefreshToken, session: Session) -> Target:
    """The requested audience and scopes, within the grant and what the client may still have.

    Raises AudienceNotAllowed, ScopeNotAllowed.
    """
    request, client = presented.request, presented.client
    if client.is_first_party:
        allowed, audiences = _first_party_scopes(session, client), client.audiences
    else:
        allowed = [scope for scope in session.scopes if scope in client.scopes]
        audiences = [audience for audience in session.audiences if audience in client.audiences]
    started_with = _first_audience(session)
    default = started_with if started_with in audiences else client.default_audience
    audience = audience_within(request.resources, audiences, default)
    return request.target(scopes_within(request.scope, allowed), audience)


def _first_audience(session: Session) -> str | None:
    """The audience that the session began with; in a row of an earlier release, the only one that it has."""
    if session.audience is None and len(session.audiences) == 1:
        return session.audiences[0]
    return session.audience


def _first_party_scopes(session: Session, client: Client) -> list[str]:
    """What the client may have now; if it asked for the scopes by name, those of them that it still may have.

    In a row of an earlier release, scopes other than the client's were asked for by name.
    """
    names_scopes = session.names_scopes
    if names_scopes is None:
        names_scopes = set(session.scopes) != set(client.scopes)
    return [scope for scope in client.scopes if not names_scopes or scope in session.scopes]
