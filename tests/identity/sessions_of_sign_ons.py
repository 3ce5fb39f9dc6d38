"""Sessions that come from the sign-on of a browser, started as the code grant starts them."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from identity_service.authentications import Authentication
from identity_service.clients.narrowing import Target
from identity_service.devices import Device
from identity_service.random_tokens import digest_of
from identity_service.sessions.values import SignInRequest
from identity_service.sign_ons import repository
from identity_service.sign_ons.models import SignOn
from tests.identity.signing_on import register_and_sign_on
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

REQUEST = SignInRequest(
    "web",
    ["account", "openid", "posts:write"],
    [IDENTITY_URL, POSTS_URL],
    True,
    Target(IDENTITY_URL, ["account", "openid"]),
    Device("a browser", "192.0.2.7"),
)
_OPENID = (
    "INSERT INTO identity.service_scopes SELECT 'openid', audience, '' FROM identity.services WHERE client_id IS NULL"
    " ON CONFLICT DO NOTHING",
    "UPDATE identity.clients SET scopes = scopes || '{openid}' WHERE id = 'web' AND NOT 'openid' = any(scopes)",
)


async def offer_openid(databases: Databases) -> None:
    """Let the client `web` ask for the scope `openid`."""
    for statement in _OPENID:
        await databases.execute("identity_owner", statement)


async def sign_on_row(identity: Identity, secret: str) -> SignOn:
    async with identity.parts.database.begin() as db:
        sign_on = await repository.find_for_update(db, digest_of(secret))
    assert sign_on is not None
    return sign_on


def request_in(sign_on: SignOn, **changes: Any) -> SignInRequest:
    authentication = Authentication(sign_on.authenticated_at, sign_on.acr, sign_on.amr)
    return replace(REQUEST, sign_on_id=sign_on.id, authentication=authentication, **changes)


async def start(identity: Identity, user_id: UUID, request: SignInRequest) -> dict[str, Any]:
    """The token endpoint's answer to a session that this request starts."""
    async with identity.parts.database.begin() as db:
        issued = await identity.parts.session_start.start_for(db, user_id, request)
    return identity.parts.tokens.for_session(issued).as_json()


async def start_in(identity: Identity, secret: str, **changes: Any) -> dict[str, Any]:
    """The same for a session of the sign-on with this secret."""
    sign_on = await sign_on_row(identity, secret)
    return await start(identity, sign_on.user_id, request_in(sign_on, **changes))


async def register_and_start(identity: Identity, databases: Databases, **changes: Any) -> tuple[str, dict[str, Any]]:
    """The secret of ada's sign-on, and the tokens of a session of it."""
    await offer_openid(databases)
    secret = await register_and_sign_on(identity)
    return secret, await start_in(identity, secret, **changes)
