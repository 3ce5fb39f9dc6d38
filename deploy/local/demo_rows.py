"""Many invented posts, as rows of the tables of posts: the same number is always the same post."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from deploy.local.demo_texts import invent
from posts_service.posts.models import State
from posts_service.posts.version_columns import first_version
from posts_service.rendering.markdown import render
from posts_service.rendering.version import RENDERER_VERSION
from posts_service.slugs.slug import slug_of

# Bodies repeat after so many posts, since rendering takes longer than everything else. Titles do not.
TEXTS: Final = 5_000
# Before anything that people write.
NEWEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_APART: Final = timedelta(minutes=1)
_RARE: Final = "A correspondent from Reykjavik disagrees."
_RARE_EVERY: Final = 100
LIKE_COLUMNS: Final = "post_id", "person_id", "created_at"
# Five likes a post on average, if there are a thousand people.
_SHAPE_OF_LIKES: Final = 1.13


class PostRows(NamedTuple):
    """The columns of a post, and the people who like it."""

    post: dict[str, Any]
    likers: Sequence[UUID]


def post_id(number: int) -> UUID:
    """A UUIDv7 of the instant at which the post was published, with its number as the random part."""
    return invented_id(published_at(number), number)


def published_at(number: int) -> datetime:
    """The post 0 is the newest."""
    return NEWEST - number * _APART


def invented_id(instant: datetime, number: int) -> UUID:
    """The UUIDv7 (RFC 9562 section 5.7) of this instant and number."""
    milliseconds = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80 | 7 << 76 | 0b10 << 62 | number)


def post_rows(number: int, people: Sequence[UUID]) -> PostRows:
    """The post of this number, by one of these people, as the service would have written it."""
    chance = random.Random(number)  # noqa: S311 - not for secrets
    columns, at = _columns(number % TEXTS), published_at(number)
    title = f"{columns['title']} ({number + 1})"
    likers = _likers(chance, people)
    own = {
        "id": post_id(number),
        # Few people write much: of a thousand, the first one writes a quarter of all posts.
        "author_id": people[int(len(people) * chance.random() ** 5)],
        "title": title,
        "slug": slug_of(title),
        "likes": len(likers),
    }
    return PostRows({**columns, **own, **dict.fromkeys(("created_at", "updated_at", "published_at"), at)}, likers)


def like_rows(rows: PostRows) -> Iterator[tuple[UUID, UUID, datetime]]:
    for liker in rows.likers:
        yield rows.post["id"], liker, rows.post["published_at"]


@cache
def _columns(number: int) -> dict[str, Any]:
    """The columns of a post with the text of this number."""
    text = invent(f"text {number}")
    body = text.body if number % _RARE_EVERY else f"{text.body}\n\n{_RARE}"
    made = {"html": render(body), "renderer": RENDERER_VERSION}
    return first_version({**text._asdict(), "body": body, "state": State.PUBLISHED, **made}, NEWEST)


def _likers(chance: random.Random, people: Sequence[UUID]) -> Sequence[UUID]:
    """Most posts have one like or two, and a few have hundreds."""
    count = min(int(chance.paretovariate(_SHAPE_OF_LIKES)), len(people))
    first = chance.randrange(len(people))
    return [people[(first + place) % len(people)] for place in range(count)]
