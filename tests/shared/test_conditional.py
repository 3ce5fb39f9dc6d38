"""Conditional requests (RFC 9110 section 13): weak comparison for reading, strong comparison for changing."""

import pytest
from starlette.datastructures import Headers

from watchword.errors import PreconditionFailed
from watchword.http import Preconditions, is_expected, is_unchanged

ETAG = '"7"'


@pytest.mark.parametrize(
    ("field", "unchanged"),
    [(None, False), ('"7"', True), ('W/"7"', True), ('"6", "7"', True), ("*", True), ('"6"', False), ("7", False)],
)
def test_if_none_match(field: str | None, unchanged: bool) -> None:
    assert is_unchanged(field, ETAG) is unchanged


@pytest.mark.parametrize(
    ("field", "expected"),
    [(None, True), ('"7"', True), ('W/"7"', False), ('"6", "7"', True), ("*", True), ('"6"', False), ("7", False)],
)
def test_if_match(field: str | None, expected: bool) -> None:
    assert is_expected(field, ETAG) is expected


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ('"a,b", "7"', True),
        ('"a, "7", b"', False),
        (', ,"7",', True),
        ('"6" "7"', False),
        ('*, "7"', False),
        ('"7", other', False),
        (" * ", True),
        ("", False),
    ],
)
def test_a_field_is_any_or_a_list_of_tags_or_names_none(field: str, named: bool) -> None:
    assert (is_expected(field, ETAG), is_unchanged(field, ETAG)) == (named, named)


@pytest.mark.parametrize("part", ['"7" ', '"7",', '"', " ,", '"a,', 'W/"', "W/", '"a", '])
def test_a_long_field_is_judged_in_time_that_grows_with_its_length_only(part: str) -> None:
    """An expression that tries every way to divide it would not end."""
    assert not is_unchanged(part * 20_000 + "x", '"8"')


def conditions(*lines: tuple[str, str]) -> Preconditions:
    return Preconditions.of(Headers(raw=[(name.encode(), value.encode()) for name, value in lines]))


def test_several_lines_of_a_field_are_one_list() -> None:
    both = conditions(("if-match", '"6"'), ("if-match", '"7"'), ("if-none-match", '"5"'), ("if-none-match", '"4"'))
    assert both == Preconditions('"6", "7"', '"5", "4"')
    assert conditions() == Preconditions(None, None)


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "read", "changed"),
    [
        (None, None, 200, 200),
        ('"7"', None, 200, 200),
        ('"6"', None, 412, 412),
        ('W/"7"', None, 412, 412),
        ("*", None, 200, 200),
        (None, '"6"', 200, 200),
        (None, '"7"', 304, 412),
        (None, 'W/"7"', 304, 412),
        (None, "*", 304, 412),
        (None, "nonsense", 200, 200),
        ("nonsense", None, 412, 412),
        ('"6"', '"7"', 412, 412),
        ('"7"', '"7"', 304, 412),
        ('"7"', '"6"', 200, 200),
    ],
)
def test_preconditions_are_checked_in_the_order_of_precedence(
    if_match: str | None, if_none_match: str | None, read: int, changed: int
) -> None:
    """RFC 9110 section 13.2.2: If-Match first; If-None-Match is 304 for a read and 412 for a change."""
    both = Preconditions(if_match, if_none_match)
    assert (_status_of_read(both), _status_of_change(both)) == (read, changed)


def _status_of_read(both: Preconditions) -> int:
    try:
        both.ensure_readable(ETAG)
    except PreconditionFailed:
        return 412
    return 304 if both.is_unchanged(ETAG) else 200


def _status_of_change(both: Preconditions) -> int:
    try:
        both.ensure_changeable(ETAG)
    except PreconditionFailed:
        return 412
    return 200
