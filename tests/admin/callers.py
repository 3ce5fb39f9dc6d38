"""The kinds of callers of the administration, each with a token that is theirs."""

from identity_service.administration import AccountDraft, Administration
from identity_service.clients.drafts import ClientDraft
from identity_service.clients.grant_types import GrantType
from identity_service.installation import ADMINISTRATION_CLIENT
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

SERVICE_SECRET = "secret-of-a-service-client"

Headers = dict[str, str]


async def administrator(identity: Identity, username: str = "grace") -> Headers:
    """Make an administrator, and return the Authorization header of their script."""
    draft = AccountDraft(username, f"{username}@example.com", PASSWORD)
    assert await Administration(identity.parts).create_administrator(draft)
    return await signed_in(identity, username)


async def signed_in(identity: Identity, username: str) -> Headers:
    """The Authorization header of this person's script that asks for all that an administrator may do."""
    return bearer((await identity.sign_in(username, client_id=ADMINISTRATION_CLIENT))["access_token"])


async def all_callers(identity: Identity) -> dict[str, Headers]:
    """The header of each kind of caller, by its name in the matrix. None but the administrator may do anything."""
    callers: dict[str, Headers] = {"anonymous": {}}
    for name, username, roles in (("user", "ada", ["user"]), ("moderator", "mary", ["user", "moderator"])):
        await identity.register(username)
        await Administration(identity.parts).set_roles(username, roles)
        callers[name] = await signed_in(identity, username)
    callers["administrator"] = await administrator(identity)
    account = await identity.sign_in("grace", scope="account", resource=IDENTITY_URL)
    callers["without_scope"] = bearer(account["access_token"])
    callers["service_client"] = await _service_client(identity)
    callers["revoked"] = await _signed_out(identity, "grace")
    callers["disabled"] = await administrator(identity, "former")
    await Administration(identity.parts).set_active("former", False)
    return callers


async def _service_client(identity: Identity) -> Headers:
    """A program that acts for itself: its client has the scope, and no person stands behind it."""
    draft = ClientDraft("robot", "A robot", SERVICE_SECRET, [GrantType.CLIENT_CREDENTIALS], ["admin"], [IDENTITY_URL])
    await Administration(identity.parts).create_client(draft)
    answer = await identity.token(
        grant_type=GrantType.CLIENT_CREDENTIALS, client_id=draft.id, client_secret=SERVICE_SECRET
    )
    return bearer(answer.json()["access_token"])


async def _signed_out(identity: Identity, username: str) -> Headers:
    """The token of a session that has ended."""
    tokens = await identity.sign_in(username, client_id=ADMINISTRATION_CLIENT)
    form = {"client_id": ADMINISTRATION_CLIENT, "token": tokens["refresh_token"]}
    assert (await identity.http.post("/oauth/revoke", data=form)).status_code == 200
    return bearer(tokens["access_token"])
