"""The acts of an administrator, for the command line and for any other interface."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from identity_service.accounts.access import ensure_login, expect_login
from identity_service.accounts.initial_passwords import InitialPassword
from identity_service.accounts.models import AccessChange, Account, ChangedAccount, DeletedAccount
from identity_service.accounts.schemas import PasswordReset, Registration
from identity_service.clients.changes import ClientChanges
from identity_service.clients.drafts import ClientDraft, ClientExtension, Reach
from identity_service.clients.models import Client
from identity_service.clients.values import ClientReplacements, ClientView
from identity_service.errors import EmailTaken, UsernameTaken
from identity_service.events.enqueueing import NOTHING
from identity_service.installation import Installation, Unassigned
from identity_service.key_acts.withdrawal import WithdrawnKey
from identity_service.keys.models import SigningKey
from identity_service.keys.service import KeyNotFound
from identity_service.obedience.models import Act
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE, Cause
from identity_service.registry.clients import NewClient
from identity_service.registry.services import ChangedService
from identity_service.registry.token_sizes import size_warnings
from identity_service.roles import repository as roles
from identity_service.roles.administrators import any_remains
from identity_service.roles.service import ChangedRole
from identity_service.roles.values import RoleContent
from identity_service.services.drafts import ServiceDraft
from identity_service.services.edits import ServiceEdit
from identity_service.services.values import ServiceView
from identity_service.users.expectations import Expectation, expect_anything
from watchword.errors import Invalid, PreconditionFailed, ensure_faultless
from watchword.ids import parse_uuid

AnyModel = TypeVar("AnyModel", bound=BaseModel)

ADMIN: Final = "admin"
"""The role."""


class FirstAdministrator(Enum):
    """The outcome of making the first administrator."""

    CREATED = auto()
    NOT_NEEDED = auto()
    NAME_TAKEN = auto()


class AccountDraft(NamedTuple):
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

    async def create_first_administrator(self, draft: AccountDraft) -> FirstAdministrator:
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

    async def create_administrator(self, draft: AccountDraft) -> bool:
        """Make an account with the role `admin`. False if the username is taken: then nothing is changed.

        Raises Invalid, WeakPassword, EmailTaken.
        """
        try:
            await self.create_user(draft, [ADMIN])
        except UsernameTaken:
            return False
        return True

    async def create_user(self, draft: AccountDraft, names: Sequence[str]) -> Account:
        """Make an account with the default role and these. Raises Invalid, WeakPassword, UsernameTaken, EmailTaken,
        RoleUnknown."""
        registration = entered(Registration, username=draft.username, email=draft.email, password=draft.password)
        create = self._parts.registrations.create
        return await create(registration, *names, must_change_password=draft.must_change, cause=self._cause)

    async def find_user(self, user: str) -> UUID:
        """The id of the account that this username, e-mail address or id names. No username is like an id. Raises
        UserNotFound; an id is looked up by what is done with it."""
        user_id = parse_uuid(user)
        return await self._parts.accounts.find_id(user) if user_id is None else user_id

    async def set_password(self, user: str, chosen: str | None = None) -> InitialPassword:
        """Give an account an initial password, the one that was chosen for it or a generated one, and end its sessions.
        Raises Invalid, UserNotFound, WeakPassword."""
        normal = None if chosen is None else entered(PasswordReset, new_password=chosen).new_password
        user_id = await self.find_user(user)
        return await self._parts.initial_passwords.issue(user_id, normal, self._cause, _expectation(user))

    async def set_roles(self, user: str, names: Sequence[str]) -> ChangedAccount:
        """Give a user exactly these roles. Tokens that say otherwise are refused from now on. Raises UserNotFound,
        RoleUnknown, LastAdministrator."""
        return await self._change_access(user, AccessChange(roles=names))

    async def set_active(self, user: str, active: bool) -> ChangedAccount:
        """Disable an account, which ends its sessions, or enable it again. Raises UserNotFound, LastAdministrator."""
        return await self._change_access(user, AccessChange(active=active))

    async def delete_user(self, user: str) -> DeletedAccount:
        """Delete an account with everything that belongs to it. Raises UserNotFound, LastAdministrator."""
        return await self._parts.accounts.delete(await self.find_user(user), self._cause, _expectation(user))

    async def end_sessions(self, user: str) -> Act | None:
        """End every session and every sign-on of an account. Raises UserNotFound."""
        return await self._parts.sessions.end_all(await self.find_user(user), self._cause, _expectation(user))

    async def reset_factors(self, user: str) -> Act | None:
        """Remove every second factor and every recovery code of an account, and end every session of it; None if it had
        none. Raises UserNotFound."""
        return await self._parts.factors.recovery.reset(await self.find_user(user), self._cause, _expectation(user))

    async def send_password_reset(self, user: str) -> None:
        """Send the letter that resets the password of an account. Raises UserNotFound, LettersNotSent, ResetImpossible,
        LimitReached."""
        await self._parts.password_resets.request_for(await self.find_user(user), self._cause, _expectation(user))

    async def change_role(self, name: str, content: RoleContent) -> ChangedRole:
        """Give a role what the content says; members that are None stay. Raises RoleNotFound, RoleTooLarge,
        PermissionUnknown, LastAdministrator."""
        return await self._parts.roles.change(name, content, self._cause)

    async def delete_role(self, role: str) -> Act:
        """Delete a role, and take it from everybody who has it. Raises RoleNotFound, RoleNeeded,
        LastAdministrator."""
        return await self._parts.roles.delete(role, self._cause)

    async def usable_keys(self) -> list[str]:
        """The ids of the signing keys that were not withdrawn because they leaked."""
        return [key.kid for key in await self._parts.signing_keys.load() if not key.is_compromised]

    async def withdraw_keys(self, kids: Sequence[str]) -> WithdrawnKey:
        """Withdraw signing keys that have leaked: what they have signed is refused everywhere from now on. The answer
        has all acts as one.

        Raises KeyNotFound, also if there is none to be withdrawn.
        """
        if not kids:
            raise KeyNotFound("there is no signing key that could be withdrawn")
        withdrawn = [await self._parts.admin.key_withdrawal.withdraw(kid, self._cause) for kid in kids]
        numbers = [one.sessions for one in withdrawn if one.sessions is not None]
        acts = [one.act for one in withdrawn if one.act is not None]
        act = Act(sum((act.enqueued for act in acts), NOTHING), self._cause.actor, acts[-1].subject) if acts else None
        sessions = sum(numbers) if len(numbers) == len(withdrawn) else None
        return WithdrawnKey(withdrawn[-1].signing_kid, sessions, act)

    async def create_client(self, draft: ClientDraft) -> tuple[NewClient, list[str]]:
        """Make this client. Returns it with warnings. Raises Faulty, ClientExists."""
        made = await self._parts.admin.clients.create(draft, self._cause)
        return made, size_warnings(made.view.client, await self._reach(), self._parts.tokens)

    async def extend_client(self, client_id: str, extension: ClientExtension) -> tuple[ClientView, list[str]]:
        """Allow a client more scopes and audiences. Returns the client and warnings. Raises ClientNotFound, Faulty."""
        reach = await self._reach()
        present = (await self._parts.admin.clients.get(client_id)).client
        ensure_faultless(extension.faults(reach, present))
        view = await self._replace_client(present, extension.applied_to(present))
        return view, size_warnings(view.client, reach, self._parts.tokens)

    async def change_client(self, client_id: str, changes: ClientChanges) -> ClientView:
        """Make these changes of a client. Raises ClientNotFound, Faulty."""
        present = (await self._parts.admin.clients.get(client_id)).client
        ensure_faultless(list(changes.faults(present)))
        return await self._replace_client(present, changes.applied_to(present))

    async def create_service(self, draft: ServiceDraft) -> ServiceView:
        """Make this service. Raises ServiceExists, WordTaken, Faulty."""
        return await self._parts.admin.services.create(draft, self._cause)

    async def change_service(self, service: str, edit: ServiceEdit) -> ChangedService:
        """Make these changes of the service with this audience or id. Raises ServiceNotFound, ServiceNeeded,
        ScopeInUse, WordTaken, Faulty, LastAdministrator."""
        view = await self.find_service(service)
        ensure_faultless(list(edit.faults(view)))
        return await self._parts.admin.services.change(view.id, edit.changes_of(view), self._cause, unchanged(view))

    async def delete_service(self, service: str) -> Act | None:
        """Delete the service with this audience or id. Raises ServiceNotFound, ServiceNeeded, ServiceInUse,
        LastAdministrator."""
        view = await self.find_service(service)
        return await self._parts.admin.services.delete(view.id, self._cause, lambda _: None)

    async def find_service(self, service: str) -> ServiceView:
        """The service with this audience or id. Raises ServiceNotFound."""
        services = self._parts.admin.services
        return await services.get(parse_uuid(service) or await services.find_id(service))

    async def _replace_client(self, present: Client, after: Client) -> ClientView:
        replacements = ClientReplacements.of(after)
        return await self._parts.admin.clients.change(present.id, replacements, self._cause, unchanged(present))

    async def _change_access(self, user: str, change: AccessChange) -> ChangedAccount:
        user_id = await self.find_user(user)
        is_id = parse_uuid(user) is not None
        expect = (lambda _: None) if is_id else expect_login(user)
        return await self._parts.access.change(user_id, change, self._cause, expect)

    async def _has_administrator(self) -> bool:
        async with self._parts.database.begin() as db:
            return await any_remains(db) or await roles.is_held(db, ADMIN)

    async def _reach(self) -> Reach:
        directory = await self._parts.services.directory()
        return Reach(directory.audiences, directory.audience_by_scope)


def _expectation(user: str) -> Expectation:
    """What a person who enters this expects: whom a name or an address names may have changed since it was looked up;
    an id names the same account for ever."""
    return expect_anything if parse_uuid(user) is not None else partial(ensure_login, login=user)


def unchanged(present: object) -> Callable[[object], None]:
    """Expect that what is changed is still what was read. Raises PreconditionFailed."""

    def expect(now: object) -> None:
        if now != present:
            raise PreconditionFailed("it has been changed meanwhile; nothing was done")

    return expect


def entered(model: type[AnyModel], **members: Any) -> AnyModel:
    """The body that these members make, judged as that of a request. Raises Invalid."""
    try:
        return model(**members)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise Invalid(advice="\n".join(faults)) from None
