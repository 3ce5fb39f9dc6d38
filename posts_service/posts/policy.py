"""Who may do what to a post. No I/O, no framework: one sentence of law each."""

from enum import StrEnum
from typing import Protocol

from posts_service.errors import NotTheAuthor, PostNotFound
from watchword.auth.principal import Principal


class Permission(StrEnum):
    POST_EDIT_ANY = "post:edit_any"
    POST_DELETE_ANY = "post:delete_any"


class Owned(Protocol):
    """What the law needs to know of a post."""

    def is_by(self, subject: str) -> bool: ...

    def is_published(self) -> bool: ...


def ensure_can_see(reader: Principal | None, post: Owned) -> None:
    """A published post is everybody's to read; a draft exists for its author alone."""
    if not post.is_published() and not (reader is not None and _is_author(reader, post)):
        raise PostNotFound


def ensure_can_edit(editor: Principal, post: Owned) -> None:
    """A post belongs to its author: nobody else edits it, unless a moderator's permission says so."""
    ensure_can_see(editor, post)
    if not (_is_author(editor, post) or editor.may(Permission.POST_EDIT_ANY)):
        raise NotTheAuthor


def ensure_can_publish(editor: Principal, post: Owned) -> None:
    """Whether a post is to be seen is decided by its author alone."""
    ensure_can_see(editor, post)
    if not _is_author(editor, post):
        raise NotTheAuthor


def ensure_can_delete(editor: Principal, post: Owned) -> None:
    """A post belongs to its author: nobody else deletes it, unless a moderator's permission says so."""
    ensure_can_see(editor, post)
    if not (_is_author(editor, post) or editor.may(Permission.POST_DELETE_ANY)):
        raise NotTheAuthor


def _is_author(caller: Principal, post: Owned) -> bool:
    # A service is nobody's author, even where its client id reads like a user's id (RFC 9700 section 4.15).
    return caller.session_id is not None and post.is_by(caller.subject)
