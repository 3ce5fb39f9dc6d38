"""Writing the next version of a post, and everything that is made from it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from posts_service.actions.policy import Acts
from posts_service.actions.repository import Thing, insert_acts
from posts_service.authors import repository as authors
from posts_service.posts import repository
from posts_service.posts.models import State
from posts_service.posts.policy import Permission, is_author
from posts_service.posts.stored_post import StoredPost
from posts_service.posts.view import PostView
from posts_service.search import repository as search
from posts_service.slugs import repository as slugs
from posts_service.slugs.slug import another_slug, fits, slug_of
from posts_service.tags import repository as tags
from watchword.auth import Principal
from watchword.database.writes import WriteTransaction
from watchword.jobs import Jobs

PUBLISH: Final = "publish_post"
"""The kind of the jobs that publish a post at the instant that it is scheduled for."""


class Revisions:
    """The one place where a post is changed. Locks are taken in this order: the post, its slug, tags by their names."""

    def __init__(self, language: str, jobs: Jobs) -> None:
        self.language = language
        self._jobs = jobs

    async def lock_for(self, db: WriteTransaction, caller: Principal, post_id: UUID) -> StoredPost:
        """The post, its row locked until the transaction ends. A moderator has a card from then on, so that the record
        of their acts can name them: cards are locked before posts. Raises PostNotFound."""
        if not caller.permissions.isdisjoint(Permission):
            await authors.ensure_card(db, caller)
        return await repository.get_for_update(db, post_id, caller.find_person_id())

    async def write_as(
        self, db: WriteTransaction, editor: Principal, post: StoredPost, columns: Mapping[str, Any], acts: Acts
    ) -> PostView:
        """Write these columns in the name of the editor, and record the acts. Without columns nothing is written."""
        if not columns:
            return post.view
        await insert_acts(db, editor, _thing(post), acts)
        editor_id = None if is_author(editor, post.view) else editor.person_id()
        return await self.write(db, post, {**columns, "editor_id": editor_id})

    async def delete_as(self, db: WriteTransaction, editor: Principal, post: StoredPost, acts: Acts) -> None:
        """Delete a post whose row is locked, and record the acts."""
        await insert_acts(db, editor, _thing(post), acts)
        await self.delete(db, post)

    async def write(self, db: WriteTransaction, post: StoredPost, columns: Mapping[str, Any]) -> PostView:
        """Write the next version of a post whose row is locked: these columns, and its slug, words and tags. Returns
        the post as it is then. The version is its author's, unless the columns have an `editor_id`."""
        return await self._write(db, post, {"editor_id": None, **columns})

    async def derive(self, db: WriteTransaction, post: StoredPost, columns: Mapping[str, Any]) -> None:
        """Write what is made from the present version of a post whose row is locked: these columns, and its slug, words
        and tags."""
        await self._write(db, post, columns)

    async def schedule(self, db: WriteTransaction, post_id: UUID, publish_at: datetime | None) -> None:
        """Have the post published at this instant, if there is one."""
        if publish_at is not None:
            payload = {"post_id": str(post_id), "publish_at": publish_at.isoformat()}
            await self._jobs.enqueue(db, PUBLISH, payload, run_at=publish_at)

    async def _write(self, db: WriteTransaction, post: StoredPost, columns: Mapping[str, Any]) -> PostView:
        # An UPDATE empties these unless they are set.
        present = {
            "publish_at": post.publish_at,
            "unpublished_reason": post.view.unpublished_reason,
            "editor_id": post.editor_id,
        }
        columns = {**present, **columns, "slug": await self._slug(db, post, columns)}
        if columns["publish_at"] != post.publish_at:
            await self.schedule(db, post.view.id, columns["publish_at"])
        await repository.update(db, post.view.id, columns)
        await self._index(db, post, columns)
        return _changed(post, columns)

    async def delete(self, db: WriteTransaction, post: StoredPost) -> None:
        """Delete a post whose row is locked."""
        await slugs.delete_of(db, post.view.id)
        await tags.replace(db, post.view.id, [], None)
        await repository.delete(db, post.view.id)

    async def _slug(self, db: WriteTransaction, post: StoredPost, columns: Mapping[str, Any]) -> str:
        """The slug of the post with these columns. Those that it has had since it was first public stay its own. While
        it is not published, it gets one that is in nobody's way: the author of another post of that title does not
        learn of it."""
        post_id, present, wish = post.view.id, post.view.slug, slug_of(columns.get("title", post.view.title))
        was_published = post.view.state == State.PUBLISHED
        is_published = columns.get("state", post.view.state) == State.PUBLISHED
        if fits(present, wish) and (was_published or not is_published):
            return present
        wishes = [wish, *([present] if fits(present, wish) else [])]
        if not is_published and not await slugs.has(db, post_id, wish):
            wishes = [another_slug(wish)]
        slug = await slugs.take(db, post_id, wishes)
        if post.first_published_at is None:
            await slugs.delete_others(db, post_id, slug)
        return slug

    async def _index(self, db: WriteTransaction, post: StoredPost, columns: Mapping[str, Any]) -> None:
        """Let the post be found by its words and tags if it is published, and by nothing else."""
        post_id, was_published = post.view.id, post.view.state == State.PUBLISHED
        is_published = columns.get("state", post.view.state) == State.PUBLISHED
        is_certain = post.is_derived and is_published == was_published
        if is_published:
            await repository.write_terms(db, post_id, self.language)
        elif not is_certain:
            await search.delete_of(db, post_id)
        if not is_certain or (is_published and "tags" in columns):
            shown = columns.get("tags", post.view.tags) if is_published else []
            await tags.replace(db, post_id, shown, columns.get("published_at", post.first_published_at))


def _thing(post: StoredPost) -> Thing:
    return Thing(post.view.author_id, post.view.id)


def _changed(post: StoredPost, columns: Mapping[str, Any]) -> PostView:
    shown = {name: value for name, value in columns.items() if name in PostView._fields}
    if "derived_version" not in columns and not post.is_derived:
        # What is made from it is not shown before it is made from this version.
        shown |= {"html": None, "summary": post.view.summary}
    shown["published_at"] = columns["publish_at"] or columns.get("published_at", post.first_published_at)
    return post.view._replace(**shown)
