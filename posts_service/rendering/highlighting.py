"""Highlights code: `<span>` elements with the classes of pygments."""

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib import import_module
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from pygments.token import STANDARD_TYPES, Whitespace

from posts_service.rendering.languages import LANGUAGES

# HTML may be so many times as long as its code; `[[[[` becomes 25 times as long. Short code may be longer in addition.
MAX_GROWTH: Final = 10
FREE_GROWTH: Final = 2_000


def highlight(code: str, language: str) -> str:
    """The code as HTML. Code of which nearly every character would need an element of its own stays plain."""
    html = "".join(_elements(_lexer(language).get_tokens(code)))
    return html if len(html) <= MAX_GROWTH * len(code) + FREE_GROWTH else escape(code)


@cache
def _lexer(language: str) -> Any:
    # Imported with the first code in its language: all of them are 20 MB.
    module, name = LANGUAGES[language]
    return getattr(import_module(module), name)(stripnl=False, ensurenl=False)


def _elements(tokens: Iterator[tuple[Any, str]]) -> Iterator[str]:
    classified = ((_class_of(token), text) for token, text in tokens)
    for name, group in groupby(classified, key=itemgetter(0)):
        text = escape("".join(text for _, text in group))
        yield f'<span class="{name}">{text}</span>' if name else text


@cache
def _class_of(token: Any) -> str:
    """The class of this type of token, or of the nearest type above it that has one."""
    if token in Whitespace:
        return ""
    while token not in STANDARD_TYPES:
        token = token.parent
    return STANDARD_TYPES[token]
