"""Text without markup: recognising it, and its paragraphs as HTML."""

import re
from html import escape
from typing import Final

# What may mean something in Markdown, or what its parser or the sanitizer would change: markup within a line, a URL,
# controls, white space other than single spaces and line feeds, halves of surrogate pairs, and the beginnings of lines
# that make headings, quotes, lists, tables, rules or code.
_MARKUP: Final = re.compile(
    r"[\\`*_~\[\]<&\x00-\x09\x0b-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff\ufeff\ufffe\uffff]"
    r"|://| \n|^[-+=#>|: ]|^[0-9]{1,9}[.)]",
    re.MULTILINE,
)
# Halves of surrogate pairs, and what XML (a feed) cannot express.
_NO_CHARACTERS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n\s*")


def is_plain(text: str) -> bool:
    """Whether the text has no markup, so that `plain_paragraphs` gives what `render` gives."""
    return _MARKUP.search(text) is None


def only_characters(text: str) -> str:
    """The text with U+FFFD for everything that is no character, or a control that HTML and XML do not have."""
    return _NO_CHARACTERS.sub("\ufffd", text)


def plain_paragraphs(text: str) -> str:
    """The text as HTML: each paragraph, escaped, in a `<p>`. Markup stays as it was typed."""
    paragraphs = _BLANK_LINES.split(only_characters(text).replace("\r\n", "\n").replace("\r", "\n").strip())
    return "\n".join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in paragraphs if paragraph)
