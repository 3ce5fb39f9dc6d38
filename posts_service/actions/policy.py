"""When an act needs a reason."""

from posts_service.errors import ReasonRequired


def ensure_reason(reason: str | None) -> str:
    """The reason of an act on what is somebody else's. Raises ReasonRequired if there is none."""
    if reason is None:
        raise ReasonRequired
    return reason
