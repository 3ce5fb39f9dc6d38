"""That somebody has liked a post or taken that back, or has written, changed or removed a comment on it.

It is no change of the post: its version and `updated_at` stay.
"""

from typing import Any, Final

from sqlalchemy import DateTime, bindparam, func, text

from posts_service.posts.models import Post

_MICROSECOND: Final[Any] = text("interval '1 microsecond'")
_NOW: Final[Any] = bindparam("now", type_=DateTime(timezone=True))


def activity(now: Any = _NOW) -> dict[str, Any]:
    """The column that says so, for an update of the post. Each time is later than the one before, whichever process has
    written it, so that listeners tell them apart."""
    return {"activity_at": func.greatest(now, Post.activity_at + _MICROSECOND)}
