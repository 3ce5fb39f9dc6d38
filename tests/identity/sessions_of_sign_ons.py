"""Sessions that come from the sign-on of a browser: codes that are issued and traded in, without pages."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from identity_service.authentications import Authentication
from identity_service.authorization_codes.values import Allowance, PresentedCode
from identity_service.clients.narrowing import Target, TokenRequest
from identity_service.devices import Device
from identity_service.random_tokens import digest_of
from identity_service.sessions.values import SignInRequest
from identity_service.sign_ons import repository
from identity_service.sign_ons.models import SignOn
from identity_service.sign_ons.values import LiveSignOn
from tests.identity.authorizing import VERIFIER, challenge_of
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
REDIRECT_URI = "https://app.example/callback"
SCOPES_BY_AUDIENCE = {IDENTITY_URL: ["account", "openid"], POSTS_URL: ["posts:write"]}
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


async def start(identity: Identity, user_id: UUID, request: SignInRequest) -> dict[str, Any]:
    """The token endpoint's answer to a session without a sign-on that this request starts."""
    async with identity.parts.database.begin() as db:
        issued = await identity.parts.session_start.start_for(db, user_id, request)
    return identity.parts.tokens.for_session(issued).as_json()


async def issue_code(identity: Identity, sign_on: SignOn, request: SignInRequest = REQUEST) -> str:
    """A code for what this request describes, in the sign-on."""
    authentication = Authentication(sign_on.authenticated_at, sign_on.acr, sign_on.amr)
    live = LiveSignOn(sign_on.id, sign_on.user_id, "ada", authentication)
    granted = request.scopes, request.names_scopes, request.audiences, request.nonce
    allowance = Allowance(request.client_id, REDIRECT_URI, challenge_of(VERIFIER), *granted)
    return await identity.parts.code_flow.codes.issue(live, allowance)


async def exchange(identity: Identity, code: str, request: SignInRequest = REQUEST) -> dict[str, Any]:
    """The token endpoint's answer to this code, which a client presents that may have what the request describes."""
    client = await identity.parts.clients.find(request.client_id)
    assert client is not None
    grants = ["refresh_token"] if request.gives_refresh_token else []
    client = replace(client, scopes=request.scopes, audiences=request.audiences, grants=grants)
    token_request = TokenRequest(client, SCOPES_BY_AUDIENCE, resources=[request.target.audience])
    presented = PresentedCode(code, REDIRECT_URI, VERIFIER, token_request)
    return identity.parts.tokens.for_session(await identity.parts.code_flow.codes.exchange(presented)).as_json()


async def start_in(identity: Identity, secret: str, **changes: Any) -> dict[str, Any]:
    """The tokens of a session of the sign-on with this secret."""
    request = replace(REQUEST, **changes)
    return await exchange(identity, await issue_code(identity, await sign_on_row(identity, secret), request), request)


async def register_and_start(identity: Identity, databases: Databases, **changes: Any) -> tuple[str, dict[str, Any]]:
    """The secret of ada's sign-on, and the tokens of a session of it."""
    await offer_openid(databases)
    secret = await register_and_sign_on(identity)
    return secret, await start_in(identity, secret, **changes)
