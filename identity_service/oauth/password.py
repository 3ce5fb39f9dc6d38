"""grant_type=password (RFC 6749 section 4.3), for first-party clients: RFC 9700 section 2.4 forbids it to others."""

from datetime import datetime

from identity_service.oauth.clients import audiences_within, scopes_within
from identity_service.oauth.errors import InvalidGrant
from identity_service.oauth.models import Client
from identity_service.oauth.request import Form
from identity_service.oauth.tokens import TokenAnswer, TokenIssuer
from identity_service.sessions import service as sessions
from identity_service.sessions.service import Lifetimes
from identity_service.users import repository as users
from identity_service.users.passwords import Passwords
from shared.database import Database

_MAX_CHARACTERS = 256


async def sign_in(
    database: Database,
    passwords: Passwords,
    issuer: TokenIssuer,
    lifetimes: Lifetimes,
    client: Client,
    form: Form,
    now: datetime,
) -> TokenAnswer:
    """Begin a session for a user whose password is right. Unknown user and wrong password are one answer."""
    login, password = form.get("username"), form.get("password")
    scopes = scopes_within(form.find("scope"), client.scopes)
    audiences = audiences_within(form.all("resource"), client.audiences)
    if len(login) > _MAX_CHARACTERS or len(password) > _MAX_CHARACTERS:
        raise InvalidGrant("longer than any name or password")
    async with database.begin() as db:
        user = await users.find_by_login(db, login)
    right, new_hash = await passwords.verify(password, user.password_hash if user is not None else None)
    if user is None or not right or not user.is_active:
        raise InvalidGrant("unknown or disabled user, or wrong password")
    grant = await sessions.begin(database, user, new_hash, client.id, scopes, audiences, lifetimes, now)
    return issuer.for_session(grant, now)
