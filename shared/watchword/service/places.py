"""Paths of a service that are named together with everything below them."""

from collections.abc import Set as AbstractSet


def is_at_or_below(path: str, places: AbstractSet[str]) -> bool:
    """Whether the path is one of these places, or below one of them that has one part or two, such as `account` and
    `admin/ui`. Places are written without a slash at the beginning."""
    own = path.removeprefix("/")
    first, _, rest = own.partition("/")
    return not places.isdisjoint((own, first, f"{first}/{rest.partition('/')[0]}"))
