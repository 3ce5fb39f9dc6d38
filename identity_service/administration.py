"""The acts of an administrator, for the command line and for any other interface."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from identity_service.accounts.schemas import Registration
from identity_service.clients.models import FIRST_PARTY_CLIENT, Client, hash_secret
from identity_service.errors import EmailTaken, UsernameTaken
from identity_service.keys.models import SigningKey
from identity_service.parts import Parts
from identity_service.recording.recorder import BY_COMMAND_LINE, Cause
from identity_service.roles import repository as roles
from identity_service.users import repository as users
from watchword.errors import Invalid

ADMIN: Final = "admin"
"""The role, and the name of the account that the set-up makes."""

ADMIN_EMAIL: Final = "admin@example.com"


class FirstAdministrator(Enum):
    """The outcome of making the first administrator."""

    CREATED = auto()
    NOT_NEEDED = auto()
    NAME_TAKEN = auto()


@dataclass(frozen=True, slots=True)
class ClientDraft:
    """A client to be made; without a secret it is a public one."""

    id: str
    name: str
    secret: str | None
    grants: Sequence[str]
    scopes: Sequence[str]
    audiences: Sequence[str]

    def as_client(self) -> Client:
        return Client(
            id=self.id,
            name=self.name,
            secret_hash=hash_secret(self.secret) if self.secret is not None else None,
            grants=list(self.grants),
            scopes=list(self.scopes),
            audiences=list(self.audiences),
        )


class Administration:
    """Every method is one act, recorded under `cause`. It answers with values; the caller words them.

    Like a command or a route, it is above the use cases, and so may call several of them.
    """

    def __init__(self, parts: Parts, cause: Cause = BY_COMMAND_LINE) -> None:
        self._parts = parts
        self._cause = cause

    async def install(self, posts_audience: str, posts_secret: str) -> SigningKey | None:
        """Make the clients of this installation, and its first signing key; returns the key if one was due.

        What exists stays as it is, except that the client `posts` gets the secret.
        """
        issuer = self._parts.settings.issuer
        pages = ClientDraft(
            id=FIRST_PARTY_CLIENT,
            name="Watchword's own pages",
            secret=None,
            grants=["password", "refresh_token"],
            scopes=["account", "posts:write"],
            audiences=[issuer, posts_audience],
        )
        posts = ClientDraft(
            id="posts",
            name="posts_service",
            secret=posts_secret,
            grants=["client_credentials"],
            scopes=["introspect", "ssf.manage", "ssf.read"],
            audiences=[issuer],
        )
        for draft in (pages, posts):
            await self._parts.clients.merge(draft.as_client())
        return await self._parts.signing_keys.make_next()

    async def create_first_administrator(self, password: str) -> FirstAdministrator:
        """Make an administrator named `admin`, unless an administrator exists."""
        async with self._parts.database.begin() as db:
            if await roles.is_held(db, ADMIN):
                return FirstAdministrator.NOT_NEEDED
        try:
            is_created = await self.create_administrator(ADMIN, ADMIN_EMAIL, password)
        except EmailTaken:
            is_created = False
        return FirstAdministrator.CREATED if is_created else FirstAdministrator.NAME_TAKEN

    async def create_administrator(self, username: str, email: str, password: str) -> bool:
        """Make an account with the role `admin`. False if the username is taken: then nothing is changed.

        Raises Invalid, WeakPassword, EmailTaken.
        """
        try:
            registration = Registration(username=username, email=email, password=password)
        except ValidationError as error:
            raise Invalid(advice="; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())) from None
        try:
            await self._parts.accounts.register(registration, ADMIN)
        except UsernameTaken:
            return False
        except EmailTaken:
            # If both are taken, PostgreSQL names the older index, and a restore builds them in another order.
            async with self._parts.database.begin() as db:
                if await users.find_by_login(db, registration.username) is None:
                    raise
            return False
        return True

    async def set_roles(self, username: str, names: Sequence[str]) -> None:
        """Give a user exactly these roles. Tokens that say otherwise are refused from now on. Raises NotFound."""
        await self._parts.accounts.set_roles(username, names, self._cause)

    async def set_permissions(self, role: str, permissions: Sequence[str]) -> None:
        """Give a role exactly these permissions. Tokens that say otherwise are refused from now on. Raises NotFound."""
        await self._parts.roles.set_permissions(role, permissions, self._cause)

    async def delete_role(self, role: str) -> None:
        """Delete a role, and take it from everybody who has it. Raises RoleNotFound, RoleNeeded."""
        await self._parts.roles.delete(role, self._cause)

    async def set_active(self, username: str, active: bool) -> None:
        """Disable an account, which ends its sessions, or enable it again. Raises UserNotFound."""
        await self._parts.accounts.set_active(username, active, self._cause)

    async def upsert_client(self, draft: ClientDraft) -> None:
        """Make this client, or replace the one with its id. Raises Invalid."""
        try:
            await self._parts.clients.upsert(draft.as_client())
        except IntegrityError:
            raise Invalid(
                advice="a client id is 2 to 63 of a-z, 0-9 and hyphen, begins with a letter and is not a UUID"
            ) from None

    async def extend_client(self, client_id: str, scopes: Sequence[str], audiences: Sequence[str]) -> None:
        """Allow a client more scopes and audiences. Raises ClientNotFound."""
        await self._parts.clients.extend(client_id, scopes, audiences)
