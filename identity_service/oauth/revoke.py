"""Revocation (RFC 7009): a refresh token or an access token takes its whole session with it."""

from datetime import datetime
from uuid import UUID

from identity_service.clients.models import Client
from identity_service.errors import SessionNotFound
from identity_service.oauth.errors import InvalidGrant, UnsupportedTokenType
from identity_service.recording.recorder import Recorder
from identity_service.sessions import service as sessions
from identity_service.sessions.models import EndReason
from identity_service.tokens.minting import TokenMinter
from watchword.database.database import Database


async def revoke(
    database: Database, recorder: Recorder, issuer: TokenMinter, client: Client, token: str, now: datetime
) -> None:
    """Nothing happens for a token that is unknown, out of date or ended already (section 2.2).

    Raises InvalidGrant for another client's token, UnsupportedTokenType for one without a session.
    """
    claims = await issuer.read_any(token, now)
    if claims is None:
        return
    if claims["client_id"] != client.id:
        raise InvalidGrant("another client's token")
    if "sid" not in claims:
        raise UnsupportedTokenType("a service's own token ends by itself")
    try:
        await sessions.end(
            database, recorder, UUID(claims["sub"]), UUID(claims["sid"]), EndReason.REVOKED, claims["sub"], now
        )
    except SessionNotFound:
        return
