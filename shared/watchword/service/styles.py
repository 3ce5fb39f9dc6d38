"""The style that the pages of all services have in common."""

from functools import cache
from importlib import resources


@cache
def foundation() -> bytes:
    """The style sheet with the colours of both themes and the style of texts, links, forms, lists and dialogs. A
    service serves it and its own style, which follows, as one file."""
    return (resources.files("watchword.service") / "static" / "foundation.css").read_bytes()
