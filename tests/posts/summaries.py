"""What others see of a post."""

from typing import Any


def public_part_of(post: dict[str, Any]) -> dict[str, Any]:
    """The members that an anonymous reader sees of this post, which its author read or changed."""
    return {name: value for name, value in post.items() if name != "liked"}


def summary_of(post: dict[str, Any]) -> dict[str, Any]:
    """The members that a list shows to an anonymous reader of this post, which was read or changed by itself."""
    return {name: value for name, value in post.items() if name not in ("body", "html", "liked")}
