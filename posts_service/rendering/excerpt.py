"""An excerpt of a text, its beginning without markup: the summary of a post whose author has written none."""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from typing import Final

ELLIPSIS: Final = "…"
# The excerpt of a text of any length is made from so many of its characters.
SOURCE_CHARACTERS: Final = 4_096
# Fewer characters are not given up for the sake of a whole last word.
MAX_WORD: Final = 40

_FENCE: Final = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
# Headings, rules, underlines of headings and columns, and definitions of links.
_LEFT_OUT: Final = re.compile(r"[ ]{0,3}(?:#{1,6}(?:[ \t]|$)|[-=*_|:+ \t]+$|\[[^\[\]]+\]:)")
_LINE_MARKS: Final = re.compile(r"(?:[ \t]*(?:>|[-+*](?=[ \t])|[0-9]{1,9}[.)](?=[ \t])))+")
# Looking ahead for the first character of the alternatives makes these several times faster.
_LINKS: Final = re.compile(
    r"(?=[!\[<])"
    r"(?:!?\[(?P<label>[^\[\]]*)\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])"
    r"|<(?P<url>(?:https?://|mailto:)[^<>\s]+)>)"
)
_MARKS: Final = re.compile(
    r"(?=[\\`*~_!\[\]])"
    r"(?:\\(?P<character>[!-/:-@\[-`{-~])|`+|(?<=\S)\*+|\*+(?=\S)|~~"
    r"|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)|!?\[(?=\S)|(?<=\S)\])"
)
# Controls, directions of writing that would last beyond the summary, and halves of surrogate pairs.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def excerpt(markdown: str, characters: int) -> str:
    """At most so many characters of the text, in one line: no markup, headings or code, and no part of a character.

    An ellipsis, which counts, says that the text goes on.
    """
    source = markdown[:SOURCE_CHARACTERS]
    text = _without_markup(source)
    if len(text) <= characters and len(source) == len(markdown):
        return text
    return _cut(text, characters - len(ELLIPSIS)) + ELLIPSIS if text else ""


def _without_markup(source: str) -> str:
    text = "\n".join(_lines_of_text(source))
    for _ in range(2):  # An image may be the label of a link.
        text = _LINKS.sub(lambda match: match["label"] or match["url"] or "", text)
    text = unescape(_MARKS.sub(lambda match: match["character"] or "", text))
    return " ".join(_INVISIBLE.sub("", text).split())


def _lines_of_text(source: str) -> Iterator[str]:
    """The lines without the marks of quotes, lists and tables. Lines that are no text are left out, as is code."""
    fence: str | None = None
    for full_line in source.splitlines():
        marks = _LINE_MARKS.match(full_line)
        line = full_line[marks.end() :] if marks else full_line
        mark = _FENCE.match(line)
        if fence is not None:
            fence = None if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
        elif not _LEFT_OUT.match(line):
            yield line.replace("|", " ") if line.lstrip().startswith("|") else line


def _cut(text: str, characters: int) -> str:
    """The first characters, to the end of a word if one ends near, and no part of what is seen as one character."""
    if len(text) <= characters:
        return text
    space = text.rfind(" ", characters - MAX_WORD, characters + 1)
    end = space if space > 0 else characters
    while end > 0 and _is_within_character(text, end):
        end -= 1
    return text[:end].rstrip()


def _is_within_character(text: str, position: int) -> bool:
    """Whether the code points before and at this position are shown as one: accents, emoji with a skin tone, flags."""
    before, here = text[position - 1], text[position]
    if unicodedata.category(here) in ("Mn", "Mc", "Me") or "\U0001f3fb" <= here <= "\U0001f3ff":
        return True
    if "\u200d" in (before, here):
        return True
    return _is_flag(here) and _flags_before(text, position) % 2 == 1


def _is_flag(character: str) -> bool:
    """Whether this is one of the letters two of which make a flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, position: int) -> int:
    start = position
    while start > 0 and _is_flag(text[start - 1]):
        start -= 1
    return position - start
