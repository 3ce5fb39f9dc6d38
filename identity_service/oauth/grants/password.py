"""grant_type=password (RFC 6749 section 4.3), for first-party clients: RFC 9700 section 2.4 forbids it to others."""

from datetime import datetime

from identity_service.authentication import password as sign_in
from identity_service.authentication.password import PasswordCredentials
from identity_service.clients.models import Client
from identity_service.clients.service import audiences_within, scopes_within
from identity_service.oauth.request import Form
from identity_service.sessions.service import Lifetimes, SignInRequest
from identity_service.tokens.minting import TokenAnswer, TokenMinter
from identity_service.users.passwords import Passwords
from watchword.database.database import Database


async def answer(
    database: Database,
    passwords: Passwords,
    sign_ins: dict[str, int],
    issuer: TokenMinter,
    lifetimes: Lifetimes,
    client: Client,
    form: Form,
    device: tuple[str | None, str | None],
    now: datetime,
) -> TokenAnswer:
    """Begin a session for a user whose password is right."""
    proof = PasswordCredentials(form.get("username"), form.get("password"))
    scopes = scopes_within(form.find("scope"), client.scopes)
    audiences = audiences_within(form.all("resource"), client.audiences)
    asked = SignInRequest(client.id, scopes, audiences, *device)
    grant = await sign_in.sign_in(database, passwords, sign_ins, proof, asked, lifetimes, now)
    return issuer.for_session(grant, now)
