"""What this service refuses, in its own words."""

from watchword.errors import Forbidden, Invalid, NotFound, PreconditionFailed


class PostNotFound(NotFound):
    """Also the answer to those who may not know that the post exists."""

    code = "post_not_found"
    detail = "There is no such post."


class NotTheAuthor(Forbidden):
    code = "not_the_author"
    detail = "Only its author may do this to a post."


class PostChanged(PreconditionFailed):
    code = "post_changed"
    detail = "The post has changed since you read it; read it again."


class InvalidCursor(Invalid):
    code = "invalid_cursor"
    detail = "This cursor is not one that we gave out."
    pointer = "/query/cursor"
