"""Who may do what to a post. No I/O, no framework, one rule each."""

from enum import StrEnum
from typing import Final, Protocol

from posts_service.errors import NotTheAuthor, PostNotFound
from watchword.auth.principal import Principal


class Permission(StrEnum):
    POST_EDIT_ANY = "post:edit_any"
    POST_DELETE_ANY = "post:delete_any"
    POST_UNPUBLISH_ANY = "post:unpublish_any"
    COMMENT_DELETE_ANY = "comment:delete_any"


PUBLICATION: Final = frozenset({"state", "published_at"})
"""The members of a post that decide whether others see it."""


class Owned(Protocol):
    """What the rules need to know of a post."""

    def is_by(self, subject: str) -> bool: ...

    def is_published(self) -> bool: ...

    def is_unpublished(self) -> bool: ...


def ensure_can_see(reader: Principal | None, post: Owned) -> None:
    """Everybody may read a published post, and only its author any other; an unpublished one also those who may
    unpublish posts."""
    if post.is_published():
        return
    if reader is None or not (is_author(reader, post) or (post.is_unpublished() and may_see_unpublished(reader))):
        raise PostNotFound


def may_see_unpublished(reader: Principal) -> bool:
    """Whether the reader may see unpublished posts of everybody."""
    return reader.may(Permission.POST_UNPUBLISH_ANY)


def ensure_can_edit(editor: Principal, post: Owned) -> None:
    """A post belongs to its author; a moderator's permission lets others edit it."""
    _ensure_author_or(editor, post, Permission.POST_EDIT_ANY)


def ensure_can_publish(editor: Principal, post: Owned) -> None:
    """Only the author decides whether others see a post; no permission stands in for that."""
    _ensure_author_or(editor, post, None)


def ensure_can_delete(editor: Principal, post: Owned) -> None:
    """A post belongs to its author; a moderator's permission lets others delete it."""
    _ensure_author_or(editor, post, Permission.POST_DELETE_ANY)


def _ensure_author_or(caller: Principal, post: Owned, permission: Permission | None) -> None:
    """Raises PostNotFound if the caller may not see the post, and NotTheAuthor if they may do no more than that."""
    ensure_can_see(caller, post)
    if not (is_author(caller, post) or (permission is not None and caller.may(permission))):
        raise NotTheAuthor


def is_author(caller: Principal, post: Owned) -> bool:
    # A service is never an author, even if its client id reads like a user's id (RFC 9700 section 4.15).
    return caller.session_id is not None and post.is_by(caller.subject)
