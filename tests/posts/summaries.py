"""What a list shows of a post."""

from typing import Any


def summary_of(post: dict[str, Any]) -> dict[str, Any]:
    """The members that a list shows of this post, which was read or changed by itself."""
    return {name: value for name, value in post.items() if name not in ("body", "html")}
