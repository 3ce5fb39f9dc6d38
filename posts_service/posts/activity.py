"""The time of the last activity on a post: that somebody has liked it or taken that back, or has written, changed or
removed a comment on it. The version of the post and its `updated_at` stay.
"""

from typing import Any, Final

from sqlalchemy import DateTime, bindparam, func, text

from posts_service.posts.models import Post

_MICROSECOND: Final[Any] = text("interval '1 microsecond'")
_NOW: Final[Any] = bindparam("now", type_=DateTime(timezone=True))


def activity_columns(now: Any = _NOW) -> dict[str, Any]:
    """The value of the column `activity_at`, for an update of the post. It is later than the former value even if the
    clock of another process was ahead, so that listeners notice each activity."""
    return {"activity_at": func.greatest(now, Post.activity_at + _MICROSECOND)}
