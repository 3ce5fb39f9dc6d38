"""Who may do what to a comment. No I/O, no framework, one rule each."""

from posts_service.comments.view import CommentView
from posts_service.errors import (
    AnswerTooDeep,
    CommentNotFound,
    NotTheCommentsAuthor,
    ParentNotFound,
    PostNotFound,
    PostNotPublished,
)
from posts_service.posts import policy as posts
from posts_service.posts.owned_post import OwnedPost
from posts_service.posts.policy import Permission
from watchword.auth.principal import Principal


def ensure_can_write(writer: Principal, post: OwnedPost) -> None:
    """Who may see a post may comment on it while it is published."""
    posts.ensure_can_see(writer, post)
    if not post.is_published():
        raise PostNotPublished


def ensure_can_be_answered(parent: CommentView | None, post: OwnedPost) -> None:
    """A comment on the same post can be answered; an answer cannot, and neither can what is removed."""
    if parent is None or parent.is_removed or parent.post_id != post.id:
        raise ParentNotFound
    if parent.depth > 0:
        raise AnswerTooDeep


def ensure_can_edit(editor: Principal, comment: CommentView, post: OwnedPost) -> None:
    """Only its author changes what a comment says, while its post is published."""
    _ensure_can_see(editor, comment, post)
    if not posts.is_author(editor, comment):
        raise NotTheCommentsAuthor
    if not post.is_published():
        raise PostNotPublished


def needs_reason(remover: Principal, comment: CommentView, post: OwnedPost) -> bool:
    """Whether the removal is an act of a moderator, who must give a reason. Raises an error if it may not be done.

    Its author removes a comment whatever has become of its post, and the author of the post what is written there.
    """
    if not comment.is_removed and posts.is_author(remover, comment):
        return False
    _ensure_can_see(remover, comment, post)
    if posts.is_author(remover, post):
        return False
    if not remover.may(Permission.COMMENT_DELETE_ANY):
        raise NotTheCommentsAuthor
    return True


def _ensure_can_see(reader: Principal, comment: CommentView, post: OwnedPost) -> None:
    if comment.is_removed:
        raise CommentNotFound
    try:
        posts.ensure_can_see(reader, post)
    except PostNotFound:
        raise CommentNotFound from None
