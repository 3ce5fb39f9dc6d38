"""The words of a post, as PostgreSQL searches them."""

from typing import Any

import sqlalchemy as sql
from sqlalchemy import ColumnElement, func, literal_column
from sqlalchemy.dialects.postgresql import REGCONFIG


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
        return func.setweight(func.to_tsvector(named, text), literal_column(f"'{weight}'"))

    tag_words = weighed(func.array_to_string(tags, literal_column("' '")), "B")
    words: ColumnElement[Any] = weighed(title, "A")
    return words.concat(tag_words).concat(weighed(summary, "C")).concat(weighed(body, "D"))
