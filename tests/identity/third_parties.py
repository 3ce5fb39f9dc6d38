"""Applications of others, which need a person's consent."""

from identity_service.clients.models import Client
from tests.identity.browsing import Browsing
from tests.identity.signing_on import COOKIE
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

CALLBACK = "https://notes.example.com/callback"
SCOPES = ["account", "posts:write"]


async def third_party(identity: Identity, client_id: str = "notes", name: str = "Notes", **fields: object) -> Client:
    """A public client of others, which may ask for SCOPES."""
    values = {
        "secret_hash": None,
        # By the password grant the tests get a session of it in one request.
        "grants": ["authorization_code", "refresh_token", "password"],
        "scopes": SCOPES,
        "audiences": [IDENTITY_URL, POSTS_URL],
        "default_audience": POSTS_URL,
        "redirect_uris": [CALLBACK],
        **fields,
    }
    client = Client(id=client_id, name=name, **values)  # type: ignore[arg-type]
    await identity.parts.clients.upsert(client)
    return client


async def allow(identity: Identity, browser: Browsing, client: Client, *scopes: str) -> None:
    """Let the person who is signed on in the browser allow the client these scopes, or SCOPES."""
    sign_on = await identity.parts.sign_ons.find(browser.http.cookies[COOKIE])
    assert sign_on is not None
    await identity.parts.consents.give(sign_on, client, scopes or SCOPES)
