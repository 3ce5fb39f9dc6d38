"""The words of a post, as PostgreSQL searches them."""

from typing import Any, Final

import sqlalchemy as sql
from sqlalchemy import ColumnElement, func, literal_column
from sqlalchemy.dialects.postgresql import REGCONFIG

LONGEST_RUN: Final = 64
"""So many characters without white space come together in a text that PostgreSQL parses."""

_LESS_THAN, _CUT = "\x04", "\x05"
_RUN: Final = rf"(\S{{{LONGEST_RUN}}})"


def parsable(text: Any) -> Any:
    """A text, in SQL, that PostgreSQL parses in a time that grows with its length alone; `as_written` undoes the
    change.

    Its parser looks ahead for URLs, hosts, e-mail addresses and files to the end of a run without white space, at each
    place in it, and for the end of a comment to the end of the text: 64 kB of `a_` or of `<!--` take half a minute, and
    16 kB of `1a@` ten seconds. So it gets short runs alone, and no `<`. It takes controls for white space.
    """
    plain = func.translate(text, f"<{_LESS_THAN}{_CUT}", _LESS_THAN)
    return func.regexp_replace(plain, _RUN, rf"\1{_CUT}", "g")


def as_written(text: str) -> str:
    """What a part of a text was before `parsable`."""
    return text.replace(_LESS_THAN, "<").replace(_CUT, "")


def terms_of(
    language: ColumnElement[str],
    *,
    title: ColumnElement[str],
    tags: ColumnElement[list[str]],
    summary: ColumnElement[str],
    body: ColumnElement[str],
) -> ColumnElement[Any]:
    """The words, each with its weight: A for the title, B for tags, C for the author's summary, D for the body."""
    named = sql.cast(language, REGCONFIG)

    def weighed(text: Any, weight: str) -> Any:
        return func.setweight(func.to_tsvector(named, parsable(text)), literal_column(f"'{weight}'"))

    tag_words = weighed(func.array_to_string(tags, literal_column("' '")), "B")
    words: ColumnElement[Any] = weighed(title, "A")
    return words.concat(tag_words).concat(weighed(summary, "C")).concat(weighed(body, "D"))
