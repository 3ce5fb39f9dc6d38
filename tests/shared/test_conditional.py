"""Conditional requests (RFC 9110 section 13): weak comparison for reading, strong comparison for changing."""

import pytest

from watchword.http.conditional import is_expected, is_unchanged

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
