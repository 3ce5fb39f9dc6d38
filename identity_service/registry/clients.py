"""The clients of an installation, as administrators make and change them."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients import repository
from identity_service.clients.drafts import ClientDraft, Reach, faults_of
from identity_service.clients.errors import ClientExists, ClientNotFound
from identity_service.clients.models import Client, hash_secret
from identity_service.clients.secrets import generate_secret, with_another_secret, without_former_secret
from identity_service.clients.values import ClientReplacements, ClientView, Expectation, members_of
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from identity_service.services import repository as services
from identity_service.sessions.settling import settle_names_scopes
from watchword.database.database import Database
from watchword.errors import ensure_faultless
from watchword.http.keyset import cursor_of, text_in
from watchword.http.paging import Page

_LIST = "clients"


class NewClient(NamedTuple):
    """A client that was made, and its secret, which nobody is shown again; None for a public client."""

    view: ClientView
    secret: str | None


class ClientRegistry:
    """What a client may not have any more is missing from its next token, also if that is one of a refresh."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, cursor: str | None, limit: int) -> Page[ClientView]:
        """Clients in the order of their ids. Raises InvalidCursor."""
        after = "" if cursor is None else text_in(_LIST, cursor)
        async with self._database.begin() as db:
            views = await repository.list_page(db, after, limit + 1)
        return Page.of(list(views), limit, lambda view: cursor_of(_LIST, view.client.id.encode()))

    async def get(self, client_id: str) -> ClientView:
        """Raises ClientNotFound."""
        async with self._database.begin() as db:
            return await _get(db, client_id)

    async def create(self, draft: ClientDraft, cause: Cause) -> NewClient:
        """Make a client; the answer has the secret of its draft. Raises Faulty, ClientExists."""
        client = draft.as_client()
        async with self._database.begin() as db:
            await services.lock_shared(db)
            ensure_faultless(faults_of(client, await _reach(db)))
            if not await repository.insert_missing(db, client):
                raise ClientExists(f"there is a client {client.id} already")
            record_act(db, cause, "client.created", client.id, before=None, after=members_of(client))
            return NewClient(await _get(db, client.id), draft.secret)

    async def change(
        self, client_id: str, replacements: ClientReplacements, cause: Cause, expect: Expectation
    ) -> ClientView:
        """Replace these members. Doing so twice has no further effect.

        Raises ClientNotFound, Faulty for what is wrong now and was not before, and what `expect` raises.
        """
        await self._settle(client_id)
        async with self._database.begin() as db:
            await services.lock_shared(db)
            row = await repository.get_for_update(db, client_id)
            before = row.as_client()
            expect(before)
            after = replacements.applied_to(before)
            reach = await _reach(db)
            accepted = faults_of(before, reach)
            ensure_faultless([fault for fault in faults_of(after, reach) if fault not in accepted])
            if after != before:
                row.replace_by(after)
                members = members_of(before), members_of(after)
                record_act(db, cause, "client.changed", client_id, before=members[0], after=members[1])
            return await _get(db, client_id)

    async def add_secret(
        self, client_id: str, cause: Cause, *, replaces_latest: bool, expect: Expectation | None = None
    ) -> str:
        """Give the client another secret, and return it; the former one stays valid.

        Raises ClientNotFound, ClientPublic, TwoSecretsValid, OneSecretValid, and what `expect` raises.
        """
        secret = generate_secret()
        action = "client.secret_replaced" if replaces_latest else "client.secret_added"
        change = partial(with_another_secret, secret_hash=hash_secret(secret), replaces_latest=replaces_latest)
        await self._change_secrets(client_id, action, cause, change, expect)
        return secret

    async def end_former_secret(self, client_id: str, cause: Cause, expect: Expectation | None = None) -> None:
        """Let only the latest secret be valid.

        Raises ClientNotFound, FormerSecretNotFound, and what `expect` raises.
        """
        await self._change_secrets(client_id, "client.secret_ended", cause, without_former_secret, expect)

    async def _change_secrets(
        self,
        client_id: str,
        action: str,
        cause: Cause,
        change: Callable[[Client], Client],
        expect: Expectation | None,
    ) -> None:
        async with self._database.begin() as db:
            row = await repository.get_for_update(db, client_id)
            before = row.as_client()
            if expect is not None:
                expect(before)
            after = change(before)
            row.replace_by(after)
            record_act(db, cause, action, client_id, before=members_of(before), after=members_of(after))

    async def _settle(self, client_id: str) -> None:
        """Write down what the sessions of an earlier release were granted, before the client changes."""
        async with self._database.begin() as db:
            client = (await _get(db, client_id)).client
        await settle_names_scopes(self._database, client)


async def _reach(db: AsyncSession) -> Reach:
    directory = await services.directory(db)
    return Reach(directory.audiences, directory.audience_by_scope)


async def _get(db: AsyncSession, client_id: str) -> ClientView:
    view = await repository.find_view(db, client_id)
    if view is None:
        raise ClientNotFound(f"there is no client {client_id}")
    return view
