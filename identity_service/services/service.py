"""The services of this installation: their scopes and permissions, and which client may ask about their tokens."""

from collections.abc import Collection, Mapping, Sequence

from identity_service.services import repository
from identity_service.services.drafts import Directory, ServiceDraft
from identity_service.services.errors import WordTaken
from identity_service.services.models import ScopesOfService, ScopeText, Service
from watchword.database.database import Database


class Services:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def audiences_of(self, client_id: str) -> frozenset[str]:
        """The audiences of the services whose own client this is."""
        rows = await self._database.reads.fetch_rows(repository.AUDIENCES_OF_CLIENT, client_id=client_id)
        return frozenset(row["audience"] for row in rows)

    async def describe(self, scopes: Collection[str]) -> Sequence[ScopesOfService]:
        """What these scopes allow in words for people, service by service; a scope without a text is its own."""
        rows = await self._database.reads.fetch_rows(repository.TEXTS, scopes=sorted(scopes))
        texts: dict[str | None, list[ScopeText]] = {}
        for name, scope, text in rows:
            texts.setdefault(name, []).append(ScopeText(scope, text or scope))
        if unassigned := sorted(set(scopes).difference(row["scope"] for row in rows)):
            texts[None] = [ScopeText(scope, scope) for scope in unassigned]
        return [ScopesOfService(*item) for item in texts.items()]

    async def directory(self) -> Directory:
        async with self._database.begin() as db:
            return await repository.directory(db)

    async def upsert(self, draft: ServiceDraft, *, keep_texts: bool = False) -> None:
        """Insert the service, or give the present one this name, this client, and these scopes and permissions too.

        With `keep_texts`, the name, the client and the texts that are set already stay. Without a client in the draft,
        the present one stays. Raises WordTaken.
        """
        async with self._database.begin() as db:
            await repository.insert_missing(db, draft.audience, draft.name)
            service = await repository.get_for_update(db, draft.audience)
            _describe(service, draft, keep_texts=keep_texts)
            await db.flush()  # the scopes name the audience, and the client is checked first
            scopes = await repository.upsert_scopes(db, draft.audience, draft.scopes, keep_texts=keep_texts)
            words = await repository.upsert_permissions(db, draft.audience, draft.permissions, keep_texts=keep_texts)
            if taken := [*scopes, *words]:
                raise WordTaken(f"another service has got {', '.join(taken)}")

    async def assign(self, audience_by_scope: Mapping[str, str]) -> None:
        """Make each of these scopes the named service's, unless it belongs to one already."""
        async with self._database.begin() as db:
            for scope, audience in sorted(audience_by_scope.items()):
                await repository.assign_scope(db, scope, audience)


def _describe(service: Service, draft: ServiceDraft, *, keep_texts: bool) -> None:
    # A service that the migration has made is named by its audience.
    if not keep_texts or service.name == service.audience:
        service.name = draft.name
    if not keep_texts or service.client_id is None:
        service.client_id = draft.client_id or service.client_id
