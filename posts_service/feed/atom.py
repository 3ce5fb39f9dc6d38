"""Posts as an Atom feed (RFC 4287)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, tostring

from posts_service.posts.post_query import PostQuery
from posts_service.posts.view import PostView

MAX_CONTENT_CHARACTERS: Final = 524_288
"""Posts beyond so much HTML, from the newest on, have a summary alone: a client that reads slowly cannot make this
process hold much memory."""

_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
# XML 1.0 section 2.2: no document can have these characters, not even as references.
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def atom_feed(origin: str, query: PostQuery, views: Sequence[PostView]) -> bytes:
    """The document of these published posts, whose addresses begin with `origin`."""
    filters = {"author": query.author_id, "tag": query.tag}
    parameters = urlencode({name: value for name, value in filters.items() if value is not None})
    address = f"{origin}/feed.atom" + (f"?{parameters}" if parameters else "")
    feed = Element("feed", xmlns=_NAMESPACE)
    _add(feed, "id", uuid5(NAMESPACE_URL, address).urn)
    _add(feed, "title", _title(query, views))
    _add(feed, "updated", max((view.updated_at for view in views), default=_NEVER).isoformat())
    _add(feed, "link", rel="self", type="application/atom+xml", href=address)
    rest = MAX_CONTENT_CHARACTERS
    for view in views:
        html = view.shown_html
        rest -= len(html)
        _add_entry(feed, origin, view, html if rest >= 0 else None)
    return bytes(tostring(feed, encoding="utf-8", xml_declaration=True))


def _add_entry(feed: Element, origin: str, view: PostView, html: str | None) -> None:
    entry = SubElement(feed, "entry")
    # asyncpg has a UUID of its own.
    _add(entry, "id", f"urn:uuid:{view.id}")
    _add(entry, "title", view.title)
    _add(entry, "updated", view.updated_at.isoformat())
    _add(entry, "published", view.listed_at.isoformat())
    _add(SubElement(entry, "author"), "name", view.username)
    _add(entry, "link", rel="alternate", href=f"{origin}/p/{view.slug}")
    for tag in view.tags:
        _add(entry, "category", term=tag)
    _add(entry, "summary", view.summary)
    if html is not None:
        _add(entry, "content", html, type="html")


def _title(query: PostQuery, views: Sequence[PostView]) -> str:
    if query.tag is not None:
        return f"Posts about {query.tag}"
    return f"Posts by {views[0].username}" if query.author_id is not None and views else "Posts"


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> None:
    element = SubElement(parent, name, {key: _NO_XML.sub("", value) for key, value in attributes.items()})
    element.text = None if text is None else _NO_XML.sub("", text)
