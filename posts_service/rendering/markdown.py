"""Markdown to safe HTML. A thousand characters take a millisecond, sixty thousand up to a second."""

import re
from html import escape
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from posts_service.rendering.highlighting import highlight
from posts_service.rendering.languages import find_language
from posts_service.rendering.plain import only_characters, plain_paragraphs
from posts_service.rendering.rules import adapt_tokens, link_urls
from posts_service.rendering.sanitizer import sanitize

# Quotes and lists within each other; a list counts twice.
MAX_NESTING: Final = 20
# HTML may be so many times as long as its source: 2 kB of rows with few cells would become 650 kB of empty ones.
MAX_GROWTH: Final = 10
FREE_GROWTH: Final = 10_000

_ALLOWED_URL: Final = re.compile(r"(?:https?://|mailto:)\S", re.IGNORECASE)


def render(markdown: str) -> str:
    """The text as HTML that may stand in any page: CommonMark with tables, strikethrough and links of bare URLs.

    Images become links, a heading is one level lower than it says, and HTML within the text is text. Never raises.
    A text that would become far longer than it is (see MAX_GROWTH) is not taken as Markdown.
    """
    source = only_characters(markdown)
    html = sanitize(_PARSER.render(source)).rstrip()
    return html if len(html) <= MAX_GROWTH * len(source) + FREE_GROWTH else plain_paragraphs(source)


def _is_allowed(url: str) -> bool:
    return _ALLOWED_URL.match(url) is not None


def _fence(self: RendererHTML, tokens: list[Token], position: int, *_: object) -> str:
    """A block of code, highlighted if its language is known."""
    token = tokens[position]
    language = find_language(token.info.strip().partition(" ")[0])
    if language is None:
        return f"<pre><code>{escape(token.content)}</code></pre>\n"
    return f'<pre><code class="language-{language}">{highlight(token.content, language)}</code></pre>\n'


def _new_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    parser.inline.ruler.after("text", "link_urls", link_urls)
    parser.core.ruler.push("adapt_tokens", adapt_tokens)
    parser.add_render_rule("fence", _fence)
    parser.validateLink = _is_allowed  # type: ignore[method-assign]
    return parser


_PARSER: Final = _new_parser()
