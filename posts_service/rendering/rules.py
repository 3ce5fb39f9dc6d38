"""What this service adds to Markdown, and what it makes of headings, images and the columns of tables."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LOWEST_HEADING: Final = 6
_TEXT_ALIGN: Final = "text-align:"
# Ends at white space, at quotes, and at the punctuation of languages that put no space behind a URL.
_URL: Final = re.compile(
    "https?://[a-z0-9\u00a1-\u1fff\u3040-\ufdff[]"
    '[^\\s<>"`\x00-\x20\x7f\u00ab\u00bb\u2000-\u206f\u3000-\u303f\ud800-\udfff\ufeff-\uffef]*',
    re.IGNORECASE,
)
_SCHEME_AT_END: Final = re.compile("(?<![a-z0-9])https?$", re.IGNORECASE)
_LONGEST_SCHEME: Final = 6
_CLOSING_PUNCTUATION: Final = frozenset("?!.,:;*_~'")


def link_urls(state: StateInline, silent: bool) -> bool:
    """Make a link of a bare `http://…` or `https://…`. A mere `main.py` is none, although it could be a host.

    Written anew because the rule of markdown-it needs a minute for 64 kB of `://`.
    """
    if silent or state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME_AT_END.search(state.src[max(0, state.pos - _LONGEST_SCHEME) : state.pos])
    if scheme is None or not state.pending.endswith(scheme[0]):
        return False
    match = _URL.match(state.src, state.pos - len(scheme[0]), state.posMax)
    url = _without_closing_punctuation(match[0]) if match else ""
    href = state.md.normalizeLink(url)
    if not state.md.validateLink(href):
        return False
    state.pending = state.pending[: -len(scheme[0])]
    state.push("link_open", "a", 1).attrs = {"href": href}
    state.push("text", "", 0).content = url
    state.push("link_close", "a", -1)
    state.pos += len(url) - len(scheme[0])
    return True


def _without_closing_punctuation(url: str) -> str:
    """The URL without what more likely belongs to the sentence around it."""
    surplus = url.count(")") - url.count("(")
    end = len(url)
    while end and (url[end - 1] in _CLOSING_PUNCTUATION or (url[end - 1] == ")" and surplus > 0)):
        surplus -= url[end - 1] == ")"
        end -= 1
    return url[:end]


def adapt_tokens(state: StateCore) -> None:
    """Fit the parsed text into a page that has a title, loads nothing from strangers, and allows no inline styles."""
    for position, token in enumerate(state.tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, LOWEST_HEADING)}"
        elif token.type in ("td_open", "th_open"):
            _align(token, state.tokens[position + 1])
        elif token.children and any(child.type == "image" for child in token.children):
            token.children = list(_links_for_images(token.children))


def _align(cell: Token, content: Token) -> None:
    """Say where the text of a cell is aligned by an attribute. Empty cells need none."""
    style = str(cell.attrs.pop("style", ""))
    if style.startswith(_TEXT_ALIGN) and content.content:
        cell.attrs["align"] = style.removeprefix(_TEXT_ALIGN)


def _links_for_images(tokens: Sequence[Token]) -> Iterator[Token]:
    """An image becomes a link to it: the reader decides whether its server learns of the reading."""
    links = 0
    for token in tokens:
        links += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type != "image":
            yield token
        elif links:
            yield _text(_description(token))
        else:
            source = str(token.attrs.get("src", ""))
            yield Token("link_open", "a", 1, attrs={"href": source})
            yield _text(_description(token) or source)
            yield Token("link_close", "a", -1)


def _description(image: Token) -> str:
    tokens = list(_flat(image.children or ()))
    return "".join(token.content or "\n" * (token.type in ("softbreak", "hardbreak")) for token in tokens)


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "image":
            yield from _flat(token.children or ())
        else:
            yield token


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
