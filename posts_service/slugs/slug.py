"""The slug of a title: letters, digits and hyphens of ASCII."""

import re
import secrets
from typing import Final

from anyascii import anyascii

MAX_CHARACTERS: Final = 60
_RANDOM_CHARACTERS: Final = 6
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_OTHERS: Final = re.compile("[^a-z0-9]+")
# A post without a slug goes by its id.
_ID: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def slug_of(title: str) -> str:
    """The title in ASCII, cut between two words; `post` if nothing of it is left."""
    slug = _OTHERS.sub("-", anyascii(title).lower()).strip("-")
    if len(slug) > MAX_CHARACTERS:
        slug = _cut(slug, MAX_CHARACTERS)
    return slug if slug and not _ID.fullmatch(slug) else "post"


def another_slug(slug: str) -> str:
    """A slug for a post whose title has the slug of another post."""
    # One random number, since each is a system call.
    number, base = secrets.randbelow(len(_ALPHABET) ** _RANDOM_CHARACTERS), len(_ALPHABET)
    ending = "".join(_ALPHABET[number // base**place % base] for place in range(_RANDOM_CHARACTERS))
    return f"{_beginning(slug)}{ending}"


def fits(slug: str, wish: str) -> bool:
    """Whether the slug is this one, or one that `another_slug` makes of it."""
    return slug == wish or (slug[:-_RANDOM_CHARACTERS] == _beginning(wish) and "-" not in slug[-_RANDOM_CHARACTERS:])


def _beginning(slug: str) -> str:
    return _cut(slug, MAX_CHARACTERS - _RANDOM_CHARACTERS - 1) + "-"


def _cut(slug: str, characters: int) -> str:
    if len(slug) <= characters:
        return slug
    words, _, _ = slug[: characters + 1].rpartition("-")
    return words or slug[:characters]
