"""Who may do what to a comment. No I/O, no framework, one rule each."""

from posts_service.comments.commented_post import CommentedPost
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
from posts_service.posts.policy import Permission
from watchword.auth.principal import Principal


def ensure_can_write(writer: Principal, post: CommentedPost) -> None:
    """Who may see a post may comment on it while it is published."""
    posts.ensure_can_see(writer, post)
    if not post.is_published():
        raise PostNotPublished


def ensure_can_be_answered(parent: CommentView | None, post: CommentedPost) -> None:
    """A comment on the same post can be answered; an answer cannot, and neither can what is removed."""
    if parent is None or parent.is_removed or parent.post_id != post.id:
        raise ParentNotFound
    if parent.depth > 0:
        raise AnswerTooDeep


def ensure_can_edit(editor: Principal, comment: CommentView, post: CommentedPost) -> None:
    """Only its author changes what a comment says, while its post is published."""
    _ensure_can_see(editor, comment, post)
    if not _is_by(editor, comment):
        raise NotTheCommentsAuthor
    if not post.is_published():
        raise PostNotPublished


def needs_reason(remover: Principal, comment: CommentView, post: CommentedPost) -> bool:
    """Whether the removal is an act of a moderator, who must give a reason. Raises an error if it may not be done.

    Its author removes a comment whatever has become of its post, and the author of the post what is written there.
    """
    if not comment.is_removed and _is_by(remover, comment):
        return False
    _ensure_can_see(remover, comment, post)
    if _is_by(remover, post):
        return False
    if not remover.may(Permission.COMMENT_DELETE_ANY):
        raise NotTheCommentsAuthor
    return True


def _ensure_can_see(reader: Principal, comment: CommentView, post: CommentedPost) -> None:
    if comment.is_removed:
        raise CommentNotFound
    try:
        posts.ensure_can_see(reader, post)
    except PostNotFound:
        raise CommentNotFound from None


def _is_by(caller: Principal, thing: CommentView | CommentedPost) -> bool:
    # A service is never an author, even if its client id reads like a user's id (RFC 9700 section 4.15).
    return caller.session_id is not None and thing.is_by(caller.subject)
