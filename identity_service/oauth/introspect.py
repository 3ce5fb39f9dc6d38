"""Introspection (RFC 7662), for those who would rather ask than verify."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from identity_service.clients.models import Client
from identity_service.oauth.errors import InvalidClient
from identity_service.sessions import service as sessions
from identity_service.tokens.minting import TokenMinter
from watchword.auth import InvalidToken
from watchword.database.database import Database

SCOPE: Final = "introspect"
INACTIVE: Final = {"active": False}


async def introspect(
    database: Database, issuer: TokenMinter, client: Client, token: str, now: datetime
) -> dict[str, Any]:
    """What the token says, if it is good at this moment; else that it is not, and no more (section 2.2).

    Raises InvalidClient for a client that may not ask.
    """
    if client.secret_hash is None or SCOPE not in client.scopes:
        raise InvalidClient("may not introspect")
    claims = await issuer.read_any(token, now)
    if claims is None or not await _is_live(database, claims, now):
        return INACTIVE
    names = ("scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "sid", "roles", "permissions")
    found = {"active": True, "token_type": "Bearer", **{name: claims[name] for name in names if name in claims}}
    return found | ({"username": claims["preferred_username"]} if "preferred_username" in claims else {})


async def _is_live(database: Database, claims: dict[str, Any], now: datetime) -> bool:
    if "sid" not in claims:
        return True
    user_id, session_id = UUID(claims["sub"]), UUID(claims["sid"])
    try:
        # An access token of a session always lists roles, and a refresh token never; a scope may be missing in both.
        if "roles" in claims:
            await sessions.ensure_live(database, user_id, session_id, claims["iat"], now)
            return True
        return await sessions.is_usable(database, UUID(claims["jti"]), user_id, session_id, now)
    except InvalidToken:
        return False
