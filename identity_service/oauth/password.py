"""grant_type=password (RFC 6749 section 4.3), for first-party clients: RFC 9700 section 2.4 forbids it to others."""

from datetime import datetime

from identity_service.oauth.clients import audiences_within, scopes_within
from identity_service.oauth.models import Client
from identity_service.oauth.request import Form
from identity_service.oauth.tokens import TokenAnswer, TokenIssuer
from identity_service.sessions import sign_in
from identity_service.sessions.service import Asked, Lifetimes
from identity_service.sessions.sign_in import Proof
from identity_service.users.passwords import Passwords
from shared.database import Database


async def answer(
    database: Database,
    passwords: Passwords,
    sign_ins: dict[str, int],
    issuer: TokenIssuer,
    lifetimes: Lifetimes,
    client: Client,
    form: Form,
    device: tuple[str | None, str | None],
    now: datetime,
) -> TokenAnswer:
    """Begin a session for a user whose password is right."""
    proof = Proof(form.get("username"), form.get("password"))
    scopes = scopes_within(form.find("scope"), client.scopes)
    audiences = audiences_within(form.all("resource"), client.audiences)
    asked = Asked(client.id, scopes, audiences, *device)
    grant = await sign_in.sign_in(database, passwords, sign_ins, proof, asked, lifetimes, now)
    return issuer.for_session(grant, now)
