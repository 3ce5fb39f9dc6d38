"""The acts of an administrator, for the command line and for any other interface."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from pydantic import ValidationError

from identity_service.accounts.access import expect_login
from identity_service.accounts.models import AccessChange
from identity_service.accounts.schemas import Registration
from identity_service.clients.drafts import ClientDraft, ClientExtension, Reach
from identity_service.clients.models import Client
from identity_service.clients.narrowing import Target
from identity_service.errors import ClientNotFound, EmailTaken, UsernameTaken
from identity_service.events.enqueueing import NOTHING
from identity_service.installation import Installation, Unassigned
from identity_service.key_acts.sealing_anew import SealedAnew
from identity_service.key_acts.withdrawal import WithdrawnKey
from identity_service.keys.models import SigningKey
from identity_service.keys.service import KeyNotFound
from identity_service.obedience.models import Act
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE, Cause
from identity_service.roles import repository as roles
from identity_service.roles.administrators import any_remains
from identity_service.roles.values import RoleContent
from identity_service.services.drafts import ServiceDraft
from identity_service.sessions.settling import settle_names_scopes
from watchword.auth.jws import MAX_TOKEN_BYTES
from watchword.errors import Fault, Invalid, ensure_faultless

ADMIN: Final = "admin"
"""The role."""


class FirstAdministrator(Enum):
    """The outcome of making the first administrator."""

    CREATED = auto()
    NOT_NEEDED = auto()
    NAME_TAKEN = auto()


class AdministratorDraft(NamedTuple):
    """An account to be made. With `must_change`, its password is an initial one, which the person must change."""

    username: str
    email: str
    password: str
    must_change: bool = False


class Administration:
    """Every method is one act, recorded under `cause`. It answers with values; the caller words them.

    Like a command or a route, it is above the use cases, and so may call several of them.
    """

    def __init__(self, parts: Parts, cause: Cause = BY_COMMAND_LINE) -> None:
        self._parts = parts
        self._cause = cause

    async def install(
        self, posts_audience: str, posts_secret: str, posts_pages_origin: str | None = None
    ) -> SigningKey | None:
        """Make the services, the clients and the first signing key. Returns the key if one was due.

        What exists stays as it is, except that the clients `posts` and `posts-pages` get the secret. People may sign in
        on pages of `posts_pages_origin`; if it is None, of the audience's origin.
        """
        return await Installation(self._parts).install(posts_audience, posts_secret, posts_pages_origin)

    async def assign_scopes(self, posts_audience: str) -> list[Unassigned]:
        """Assign each scope of a client to a service if only one can have it, and give each client a default audience.

        Call it after `install`. Returns the scopes that still belong to no service.
        """
        return await Installation(self._parts).assign_scopes(posts_audience)

    async def create_first_administrator(self, draft: AdministratorDraft) -> FirstAdministrator:
        """Make this administrator, whose password is an initial one, unless an administrator exists: by whatever role,
        or with the role `admin`, also if their account is disabled.

        Raises Invalid, WeakPassword.
        """
        if await self._has_administrator():
            return FirstAdministrator.NOT_NEEDED
        try:
            is_created = await self.create_administrator(draft._replace(must_change=True))
        except EmailTaken:
            is_created = False
        if is_created:
            return FirstAdministrator.CREATED
        # Another set-up may have made it meanwhile.
        return FirstAdministrator.NOT_NEEDED if await self._has_administrator() else FirstAdministrator.NAME_TAKEN

    async def create_administrator(self, draft: AdministratorDraft) -> bool:
        """Make an account with the role `admin`. False if the username is taken: then nothing is changed.

        Raises Invalid, WeakPassword, EmailTaken.
        """
        try:
            registration = Registration(username=draft.username, email=draft.email, password=draft.password)
        except ValidationError as error:
            raise Invalid(advice="; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())) from None
        try:
            await self._parts.registrations.create(registration, ADMIN, must_change_password=draft.must_change)
        except UsernameTaken:
            return False
        return True

    async def reset_password(self, username: str) -> str:
        """Give an account an initial password, end its sessions, and return the password. Raises UserNotFound."""
        return await self._parts.initial_passwords.issue(username, self._cause)

    async def set_roles(self, username: str, names: Sequence[str]) -> None:
        """Give a user exactly these roles. Tokens that say otherwise are refused from now on. Raises UserNotFound,
        RoleUnknown, LastAdministrator."""
        await self._change_access(username, AccessChange(roles=names))

    async def set_permissions(self, role: str, permissions: Sequence[str]) -> None:
        """Give a role exactly these permissions. Tokens that say otherwise are refused from now on.

        Raises RoleNotFound, PermissionUnknown, RoleTooLarge, LastAdministrator.
        """
        await self._parts.roles.change(role, RoleContent(None, permissions), self._cause)

    async def delete_role(self, role: str) -> None:
        """Delete a role, and take it from everybody who has it. Raises RoleNotFound, RoleNeeded,
        LastAdministrator."""
        await self._parts.roles.delete(role, self._cause)

    async def set_active(self, username: str, active: bool) -> None:
        """Disable an account, which ends its sessions, or enable it again. Raises UserNotFound, LastAdministrator."""
        await self._change_access(username, AccessChange(active=active))

    async def usable_keys(self) -> list[str]:
        """The ids of the signing keys that were not withdrawn because they leaked."""
        return [key.kid for key in await self._parts.signing_keys.load() if not key.is_compromised]

    async def withdraw_key(self, kid: str) -> WithdrawnKey:
        """Withdraw one signing key. Raises KeyNotFound."""
        return await self.withdraw_keys([kid])

    async def withdraw_keys(self, kids: Sequence[str]) -> WithdrawnKey:
        """Withdraw signing keys that have leaked: what they have signed is refused everywhere from now on. The answer
        has all acts as one.

        Raises KeyNotFound, also if there is none to be withdrawn.
        """
        if not kids:
            raise KeyNotFound("there is no signing key that could be withdrawn")
        withdrawn = [await self._parts.key_withdrawal.withdraw(kid, self._cause) for kid in kids]
        numbers = [one.sessions for one in withdrawn if one.sessions is not None]
        acts = [one.act for one in withdrawn if one.act is not None]
        act = Act(sum((act.enqueued for act in acts), NOTHING), self._cause.actor, acts[-1].subject) if acts else None
        sessions = sum(numbers) if len(numbers) == len(withdrawn) else None
        return WithdrawnKey(withdrawn[-1].signing_kid, sessions, act)

    async def rotate_key(self) -> SigningKey:
        """Make a signing key, which takes over once every cached JWKS has it. Raises CannotUnseal."""
        return await self._parts.key_rotation.rotate(self._cause)

    async def seal_keys(self) -> SealedAnew:
        """Seal everything anew under the present key-encryption key. Raises CannotUnseal."""
        return await self._parts.sealing_anew.seal(self._cause)

    async def create_client(self, draft: ClientDraft, *, replace: bool = False) -> list[str]:
        """Make this client; with `replace`, replace the one with its id. Returns warnings.

        Raises Invalid, with one line for each thing that is wrong.
        """
        clients, reach = self._parts.clients, await self._reach()
        present = await clients.find(draft.id)
        taken = [Fault.of("id", f"there is a client {draft.id} already; --replace replaces it, and its secret")]
        ensure_faultless([*(taken if present is not None and not replace else ()), *draft.faults(reach)])
        if present is not None:
            await settle_names_scopes(self._parts.database, present)
        await (clients.upsert if replace else clients.insert)(draft.as_client())
        return self._size_warnings(draft.as_client(), reach)

    async def extend_client(self, client_id: str, extension: ClientExtension) -> tuple[Client, list[str]]:
        """Allow a client more scopes and audiences. Returns the client and warnings.

        Raises ClientNotFound; Invalid, with one line for each thing that is wrong.
        """
        clients, reach = self._parts.clients, await self._reach()
        present = await clients.find(client_id)
        if present is None:
            raise ClientNotFound(f"there is no client {client_id}")
        ensure_faultless(extension.faults(reach, present))
        await settle_names_scopes(self._parts.database, present)
        client = await clients.extend(client_id, extension)
        return client, self._size_warnings(client, reach)

    async def create_service(self, draft: ServiceDraft, *, replace: bool = False) -> None:
        """Make this service; with `replace`, give the present one what the draft has. What it leaves out stays.

        Raises Invalid, with one line for each thing that is wrong.
        """
        directory = await self._parts.services.directory()
        faults = draft.faults(directory)
        if draft.audience in directory.audiences and not replace:
            taken = f"there is a service {draft.audience} already; --replace changes its name and texts"
            faults.insert(0, Fault.of("audience", taken))
        if draft.client_id is not None and await self._parts.clients.find(draft.client_id) is None:
            faults.append(Fault.of("client_id", f"there is no client {draft.client_id}"))
        ensure_faultless(faults)
        await self._parts.services.upsert(draft)

    async def _change_access(self, username: str, change: AccessChange) -> None:
        user_id = await self._parts.accounts.find_id(username)
        await self._parts.access.change(user_id, change, self._cause, expect_login(username))

    async def _has_administrator(self) -> bool:
        async with self._parts.database.begin() as db:
            return await any_remains(db) or await roles.is_held(db, ADMIN)

    async def _reach(self) -> Reach:
        directory = await self._parts.services.directory()
        return Reach(directory.audiences, directory.audience_by_scope)

    def _size_warnings(self, client: Client, reach: Reach) -> list[str]:
        """The audiences for which the client's scopes alone leave little room for a person's roles and permissions."""
        warnings = []
        for audience in client.audiences:
            scopes = [scope for scope in client.scopes if reach.audience_by_scope.get(scope) == audience]
            size = self._parts.tokens.size_for(client.id, Target(audience, scopes))
            if size > MAX_TOKEN_BYTES * 3 // 4:
                warnings.append(
                    f"a token with all its scopes of {audience} has at least {size} bytes; services accept"
                    f" {MAX_TOKEN_BYTES}, the person's roles and permissions included"
                )
        return warnings


def refuse(faults: Sequence[str]) -> None:
    """Raise Invalid with these faults, one a line, if there are any."""
    if faults:
        raise Invalid(advice="\n".join(faults))
