"""What an administrator does at the command line, each one a use case of its own."""

from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from identity_service.accounts.schemas import Registration
from identity_service.clients.models import FIRST_PARTY_CLIENT, Client, hash_secret
from identity_service.errors import EmailTaken, UsernameTaken
from identity_service.keys import service as keys
from identity_service.keys.models import SigningKey
from identity_service.oauth import metadata
from identity_service.parts import Parts
from identity_service.recording.recorder import BY_COMMAND_LINE
from identity_service.roles import repository as roles
from identity_service.users import repository as users
from watchword.errors import Invalid

GRANTS: Final = metadata.GRANTS


async def set_up(parts: Parts, posts_audience: str, posts_secret: str) -> str:
    """The clients of this installation and its first signing key. What is there already stays, but for the secret."""
    issuer = parts.settings.issuer
    await parts.clients.merge(
        Client(
            id=FIRST_PARTY_CLIENT,
            name="Watchword's own pages",
            secret_hash=None,
            grants=["password", "refresh_token"],
            scopes=["account", "posts:write"],
            audiences=[issuer, posts_audience],
        ),
    )
    await parts.clients.merge(
        Client(
            id="posts",
            name="posts_service",
            secret_hash=hash_secret(posts_secret),
            grants=["client_credentials"],
            scopes=["introspect", "ssf.manage", "ssf.read"],
            audiences=[issuer],
        ),
    )
    await keys.ensure_one(parts.database, parts.sealer, parts.schedule, parts.clock.now())
    return "clients web and posts, and a signing key, are there"


async def ensure_administrator(parts: Parts, password: str) -> str:
    """The account `admin`, if nobody is an administrator; otherwise everything stays as it is."""
    async with parts.database.begin() as db:
        if await roles.is_held(db, "admin"):
            return "there is an administrator"
    try:
        made = await create_admin(parts, "admin", "admin@example.com", password)
    except EmailTaken:
        made = False
    return "admin is an administrator" if made else "the name admin is taken, and nobody is an administrator"


async def create_admin(parts: Parts, username: str, email: str, password: str) -> bool:
    """An account with the role `admin`. False, and nothing changed, where the name is taken."""
    try:
        registration = Registration(username=username, email=email, password=password)
    except ValidationError as error:
        raise Invalid(advice="; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())) from None
    try:
        await parts.accounts.register(registration, "admin")
    except UsernameTaken:
        return False
    except EmailTaken:
        # Where both are taken, PostgreSQL names one: the index that is older, and a restore makes them anew.
        async with parts.database.begin() as db:
            if await users.find_by_login(db, registration.username) is None:
                raise
        return False
    return True


async def set_roles(parts: Parts, username: str, names: Sequence[str]) -> None:
    """Exactly these roles; tokens that say otherwise are refused from now on."""
    await parts.accounts.set_roles(username, names, BY_COMMAND_LINE)


async def set_active(parts: Parts, username: str, active: bool) -> None:
    """Close an account, or open it again."""
    await parts.accounts.set_active(username, active, BY_COMMAND_LINE)


async def list_keys(parts: Parts) -> str:
    now = parts.clock.now()
    lines = [
        f"{key.kid}  signs {key.signs_from:%Y-%m-%d %H:%M:%S} to {key.signs_until:%Y-%m-%d %H:%M:%S}"
        f"  withdrawn {key.withdrawn_at:%Y-%m-%d %H:%M:%S}{'  <- signs now' if key.signs(now) else ''}"
        for key in await keys.load(parts.database)
    ]
    return "\n".join(lines) or "no keys"


async def rotate_keys(parts: Parts) -> SigningKey:
    return await keys.rotate(parts.database, parts.sealer, parts.schedule, parts.clock.now())


async def withdraw_key(parts: Parts, kid: str) -> SigningKey:
    return await keys.withdraw(parts.database, parts.sealer, parts.schedule, kid, parts.clock.now())


async def create_client(
    parts: Parts,
    client_id: str,
    name: str,
    secret: str | None,
    grants: Sequence[str],
    scopes: Sequence[str],
    audiences: Sequence[str],
) -> None:
    client = Client(
        id=client_id,
        name=name,
        secret_hash=hash_secret(secret) if secret is not None else None,
        grants=list(grants),
        scopes=list(scopes),
        audiences=list(audiences),
    )
    try:
        await parts.clients.upsert(client)
    except IntegrityError:
        raise Invalid(
            advice="a client id is 2 to 63 of a-z, 0-9 and hyphen, begins with a letter and is no UUID"
        ) from None


async def extend_client(parts: Parts, client_id: str, scopes: Sequence[str], audiences: Sequence[str]) -> None:
    await parts.clients.extend(client_id, scopes, audiences)
