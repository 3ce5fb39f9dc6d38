"""Who may do what to a post. No I/O, no framework, one rule each."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Protocol

from posts_service.actions.models import Action
from posts_service.errors import NotTheAuthor, PostNotFound, UnpublishedByModerator
from posts_service.posts.models import State
from watchword.auth.principal import Principal


class Permission(StrEnum):
    POST_EDIT_ANY = "post:edit_any"
    POST_DELETE_ANY = "post:delete_any"
    POST_UNPUBLISH_ANY = "post:unpublish_any"
    COMMENT_DELETE_ANY = "comment:delete_any"


PUBLICATION: Final = frozenset({"state", "published_at"})
"""The members of a post that decide whether others see it."""


class Authored(Protocol):
    """A post, a comment, or what else has an author."""

    def is_by(self, subject: str) -> bool: ...


class Owned(Authored, Protocol):
    """What the rules need to know of a post."""

    def is_published(self) -> bool: ...

    def is_unpublished(self) -> bool: ...


def ensure_can_see(reader: Principal | None, post: Owned) -> None:
    """Everybody may read a published post. One that a moderator has unpublished exists for its author, and for those
    who may unpublish; a draft exists for its author alone."""
    if post.is_published():
        return
    if reader is None or not (is_author(reader, post) or (post.is_unpublished() and may_unpublish(reader))):
        raise PostNotFound


def may_unpublish(caller: Principal) -> bool:
    """Whether the caller may unpublish posts, see those that are unpublished, and publish them again."""
    return caller.may(Permission.POST_UNPUBLISH_ANY)


def ensure_can_edit(editor: Principal, post: Owned) -> None:
    """A post belongs to its author; a moderator's permission lets others edit it."""
    _ensure_author_or(editor, post, Permission.POST_EDIT_ANY)


def ensure_can_change(editor: Principal, post: Owned, members: Mapping[str, Any]) -> None:
    """Whether others see a post is decided apart from what it says."""
    if not members or members.keys() - PUBLICATION:
        ensure_can_edit(editor, post)
    if members.keys() & PUBLICATION:
        _ensure_can_publish(editor, post, members)


def _ensure_can_publish(editor: Principal, post: Owned, members: Mapping[str, Any]) -> None:
    """Only the author decides whether others see a post; but what a moderator has unpublished, those who may unpublish
    publish again, and nobody else."""
    if _publishes_again(post, members) and may_unpublish(editor):
        return
    _ensure_author_or(editor, post, None)
    if post.is_unpublished():
        raise UnpublishedByModerator


def ensure_can_delete(editor: Principal, post: Owned) -> None:
    """A post belongs to its author; a moderator's permission lets others delete it."""
    _ensure_author_or(editor, post, Permission.POST_DELETE_ANY)


def recorded_actions(editor: Principal, post: Owned, members: Mapping[str, Any]) -> list[Action]:
    """Which acts of a moderator this change is: none if an author changes what is theirs."""
    actions = [Action.PUBLISH] if _publishes_again(post, members) else []
    if members.keys() - PUBLICATION and not is_author(editor, post):
        actions.append(Action.EDIT)
    return actions


def _publishes_again(post: Owned, members: Mapping[str, Any]) -> bool:
    return post.is_unpublished() and members.get("state") == State.PUBLISHED and "published_at" not in members


def _ensure_author_or(caller: Principal, post: Owned, permission: Permission | None) -> None:
    """Raises PostNotFound if the caller may not see the post, and NotTheAuthor if they may do no more than that."""
    ensure_can_see(caller, post)
    if not (is_author(caller, post) or (permission is not None and caller.may(permission))):
        raise NotTheAuthor


def is_author(caller: Principal, thing: Authored) -> bool:
    """Whether a post or a comment is the caller's own."""
    # A service is never an author, even if its client id reads like a user's id (RFC 9700 section 4.15).
    return caller.session_id is not None and thing.is_by(caller.subject)
