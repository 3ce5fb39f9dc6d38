"""Reading what a post was, and making it so again."""

import struct
from typing import Final
from uuid import UUID

from posts_service.actions.models import Action
from posts_service.actions.policy import Acts
from posts_service.errors import PostChanged, VersionNotFound
from posts_service.history import statements
from posts_service.history.statements import Version
from posts_service.limits import WritingLimits
from posts_service.posts import policy
from posts_service.posts.reading_statements import get_owned
from posts_service.posts.revisions import Revisions
from posts_service.posts.version_columns import next_version
from posts_service.posts.view import PostView
from posts_service.rendering.renderer import Renderer
from posts_service.rendering.version import RENDERER_VERSION
from watchword.auth import Principal
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.http.conditional import Preconditions, version_of
from watchword.http.keyset import cursor_of, key_of
from watchword.http.paging import Page

_KEY: Final = struct.Struct(">i")
_NEWEST: Final = 2**31 - 1


class History:
    """The use cases of those who may edit a post: its author, and moderators who see it."""

    def __init__(
        self, database: Database, clock: Clock, limits: WritingLimits, renderer: Renderer, revisions: Revisions
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._renderer = renderer
        self._revisions = revisions

    async def list_versions(self, reader: Principal, post_id: UUID, cursor: str | None, limit: int) -> Page[Version]:
        """The versions of a post, the newest first. Raises PostNotFound, NotTheAuthor, InvalidCursor."""
        await self._ensure_may_read(reader, post_id)
        name = f"versions {post_id}"
        before = _NEWEST if cursor is None else _KEY.unpack(key_of(name, cursor, _KEY.size))[0]
        versions = await statements.list_versions(self._database.reads, post_id, before, limit + 1)
        return Page.of(versions, limit, lambda version: cursor_of(name, _KEY.pack(version.version)))

    async def read(self, reader: Principal, post_id: UUID, number: int) -> Version:
        """One version, also the present one. Raises PostNotFound, NotTheAuthor, VersionNotFound."""
        await self._ensure_may_read(reader, post_id)
        version = await statements.find_version(self._database.reads, post_id, number)
        if version is None:
            raise VersionNotFound
        return version

    async def restore(
        self, editor: Principal, post_id: UUID, number: int, preconditions: Preconditions, reason: str | None
    ) -> PostView:
        """Give the post the title, text, summary and tags of a version, as a further edit. Raises PostNotFound,
        NotTheAuthor, ReasonRequired, VersionNotFound, PostChanged, LimitReached, TooHardToRender, RenderingBusy."""
        await self._limits.ensure_may_write(editor)
        # Nothing is rendered for a caller who may not change the post. Under the lock it is decided again.
        version = await self.read(editor, post_id, number)
        members = {name: getattr(version, name) for name in ("title", "body", "summary", "tags")}
        html = await self._renderer.render(version.body, owner=editor.subject)
        members |= {"html": html, "renderer": RENDERER_VERSION}
        async with self._database.writes.begin() as db:
            post = await self._revisions.lock_for(db, editor, post_id)
            policy.ensure_can_edit(editor, post.view)
            acts = Acts.of([] if policy.is_author(editor, post.view) else [Action.RESTORE], reason)
            preconditions.versions().ensure_changeable(version_of(post.view.etag), PostChanged)
            columns = next_version(post, members, self._clock.now())
            return await self._revisions.write_as(db, editor, post, columns, acts)

    async def _ensure_may_read(self, reader: Principal, post_id: UUID) -> None:
        policy.ensure_can_edit(reader, await get_owned(self._database.reads, post_id))
