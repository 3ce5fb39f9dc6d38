"""Conditional requests (RFC 9110 section 13), for representations that have an entity tag and no date."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from starlette.datastructures import Headers
from starlette.requests import Request

from watchword.errors import PreconditionFailed

# Section 8.8.3. A tag may hold a comma.
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_ANY: Final = "*"
_AFTER_VERSION: Final = re.compile(r'[.-].*"$')


_FIELDS: Final = frozenset({b"if-match", b"if-none-match"})


class Preconditions(NamedTuple):
    """The fields If-Match and If-None-Match of one request, each None if it is absent.

    A field that is neither `*` nor a list of entity tags names no tag: as If-Match it fails, as If-None-Match it holds
    (sections 13.1.1 and 13.1.2). The fields with dates are ignored, as they are if a representation has no date.
    """

    if_match: str | None = None
    if_none_match: str | None = None

    @classmethod
    def of_request(cls, request: Request) -> "Preconditions":
        """Those of this request."""
        # Every read of a post comes here, mostly without such a field: the raw fields are the quickest to look through.
        for name, _ in request.scope["headers"]:
            if name in _FIELDS:
                return cls.of(request.headers)
        return _NONE

    @classmethod
    def of(cls, headers: Headers) -> "Preconditions":
        """Those of a request with these header fields; several lines of one field are one list (section 5.3)."""
        if_match, if_none_match = headers.getlist("if-match"), headers.getlist("if-none-match")
        return cls(", ".join(if_match) if if_match else None, ", ".join(if_none_match) if if_none_match else None)

    def ensure_readable(self, etag: str, failure: type[PreconditionFailed] = PreconditionFailed) -> None:
        """Raises `failure` if If-Match does not name this strong tag. A read asks `is_unchanged` next (13.2.2)."""
        if not is_expected(self.if_match, etag):
            raise failure

    def is_unchanged(self, etag: str) -> bool:
        """Whether the answer to a read is 304, because If-None-Match names this tag."""
        return is_unchanged(self.if_none_match, etag)

    def ensure_changeable(self, etag: str, failure: type[PreconditionFailed] = PreconditionFailed) -> None:
        """Raises `failure` if If-Match does not name this strong tag, or if If-None-Match does (section 13.2.2)."""
        if not is_expected(self.if_match, etag) or is_unchanged(self.if_none_match, etag):
            raise failure

    def versions(self) -> "Preconditions":
        """The same of versions alone: what follows the version in a tag (see `version_of`) is left out of each."""
        return Preconditions(_versions_of(self.if_match), _versions_of(self.if_none_match))


_NONE: Final = Preconditions()


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether an If-None-Match field names this entity tag (weak comparison) or any. False if there is no field."""
    return if_none_match is not None and _names(if_none_match, (etag, f"W/{etag}"))


def is_expected(if_match: str | None, etag: str) -> bool:
    """Whether an If-Match field names this entity tag (strong comparison) or any. True if there is no field."""
    return if_match is None or _names(if_match, (etag,))


def version_of(etag: str) -> str:
    """The tag of the version that an entity tag is of: `"3"` of `"3.1.4-cafe"`, all of what comes before a full stop or
    a hyphen. Two representations of a version differ in what its editors do not change, such as how many like it."""
    return _AFTER_VERSION.sub('"', etag, count=1)


def _versions_of(field: str | None) -> str | None:
    """The field with each tag cut to that of its version; a field that is no list of tags as it is."""
    return field if field is None or not _is_list(field) else _TAG.sub(lambda tag: version_of(tag[0]), field)


def _names(field: str, tags: Iterable[str]) -> bool:
    if field in tags or field.strip(" \t") == _ANY:
        return True
    return _is_list(field) and not set(tags).isdisjoint(_TAG.findall(field))


def _is_list(field: str) -> bool:
    """Whether commas, of which there may be more than needed (section 5.6.1), and tags are all that the field has."""
    first, *between = _TAG.split(field)
    last = between.pop() if between else ""
    gaps = [first, *between, last]
    return all("," in gap for gap in between) and not any(gap.strip(" \t,") for gap in gaps)
