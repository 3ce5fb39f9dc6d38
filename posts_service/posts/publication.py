"""Whether and when a post is public: its state, and the instants of its publication."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from posts_service.errors import AlreadyPublished, InvalidPublication
from posts_service.posts.models import State

FARTHEST: Final = timedelta(days=365)
"""How far ahead a publication may be scheduled."""


class Publication(NamedTuple):
    """`published_at` is when a post was first public; `publish_at` is when a draft that never was is to be."""

    state: str
    publish_at: datetime | None
    published_at: datetime | None

    @property
    def shown_at(self) -> datetime | None:
        """The one instant that readers get."""
        return self.publish_at if self.publish_at is not None else self.published_at

    def changed(self, members: Mapping[str, Any], now: datetime) -> "Publication":
        """The publication after a change of the members `state` and `published_at`, as far as they are given. Raises
        InvalidPublication, AlreadyPublished."""
        at = members.get("published_at")
        if "published_at" in members and at != self.shown_at:
            if self.published_at is not None:
                raise AlreadyPublished
            if at is not None:
                return Publication(State.DRAFT, _ensure_ahead(at, now), None)
            if members.get("state") == State.PUBLISHED:
                raise InvalidPublication(advice="A published post has an instant of publication: leave it out.")
            return self._replace(publish_at=None)
        state = members.get("state", self.state)
        if state == self.state or (state == State.PUBLISHED and at is not None and at == self.publish_at):
            return self
        if state == State.PUBLISHED:
            return Publication(state, None, self.published_at or now)
        return self._replace(state=state)


NEVER_PUBLIC: Final = Publication(State.DRAFT, None, None)


def _ensure_ahead(at: datetime, now: datetime) -> datetime:
    if not now < at <= now + FARTHEST:
        raise InvalidPublication(advice="It should be in the future, and at most 365 days from now.")
    return at.astimezone(UTC)
