"""What is recorded of an act, and when it needs a reason."""

from collections.abc import Sequence
from typing import NamedTuple

from posts_service.actions.models import Action
from posts_service.errors import ReasonRequired


class Acts(NamedTuple):
    """What a moderator does to what is somebody else's, and why. Without actions if it is one's own."""

    actions: Sequence[Action]
    reason: str

    @classmethod
    def of(cls, actions: Sequence[Action], reason: str | None) -> "Acts":
        """Raises ReasonRequired if there are acts and no reason for them."""
        return cls(actions, ensure_reason(reason) if actions else "")


def ensure_reason(reason: str | None) -> str:
    """The reason of an act on what is somebody else's. Raises ReasonRequired if there is none."""
    if reason is None:
        raise ReasonRequired
    return reason
