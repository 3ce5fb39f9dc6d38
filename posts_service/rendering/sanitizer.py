"""Lets only harmless elements and attributes into HTML, whatever the parser of Markdown has let through."""

from typing import Final

import nh3
from pygments.token import STANDARD_TYPES

from posts_service.rendering.languages import LANGUAGES

# Links of strangers do not raise the rank of their targets, and these cannot reach the window that opened them.
LINK_RELATIONS: Final = "nofollow ugc noopener"
URL_SCHEMES: Final = frozenset({"http", "https", "mailto"})
# No <h1>, which is the title's, and no <img>, which would tell a stranger who reads and when.
TAGS: Final = frozenset(
    {"a", "br", "em", "s", "strong", "p", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "ol", "ul", "li"}
    | {"pre", "code", "span", "table", "thead", "tbody", "tr", "th", "td"}
)
ALIGNMENTS: Final = frozenset({"left", "center", "right"})
ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
# Any other class could dress a text as a part of the page.
CLASSES: Final = {
    "code": {f"language-{language}" for language in LANGUAGES},
    "span": {name for name in STANDARD_TYPES.values() if name},
}

_CLEANER: Final = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    tag_attribute_values={"td": {"align": ALIGNMENTS}, "th": {"align": ALIGNMENTS}},
    allowed_classes=CLASSES,
    url_schemes=URL_SCHEMES,
    url_relative="deny",
    link_rel=LINK_RELATIONS,
)


def sanitize(html: str) -> str:
    """The HTML without any element and attribute that is not allowed; the text of other elements stays."""
    return _CLEANER.clean(html)
