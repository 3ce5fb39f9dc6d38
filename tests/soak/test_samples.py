"""The table of a soak of memory, and its slope."""

import pytest

from tests.soak.samples import Sample, megabytes_per_hour, table


def sample(megabytes: float, revocations: int = 0) -> Sample:
    return Sample(megabytes, files=20, threads=5, remembered=10, revocations=revocations, connections=0)


def test_the_slope_is_that_of_the_second_half() -> None:
    moments = {60.0 * minute: {"posts": sample(100 + min(minute, 30) + minute / 60)} for minute in range(61)}
    assert megabytes_per_hour(moments, "posts") == pytest.approx(1.0)


def test_the_table_has_a_row_for_what_is_not_always_zero_at_six_moments_and_after_them() -> None:
    moments = {60.0 * minute: {"posts": sample(100 + minute, minute)} for minute in range(61)}
    assert table(moments, {"posts": sample(150)}).splitlines() == [
        "| What | 0 min | 5 min | 15 min | 30 min | 45 min | 60 min | after it |",
        "|---|---|---|---|---|---|---|---|",
        "| posts, MB | 100 | 105 | 115 | 130 | 145 | 160 | 150 |",
        "| posts, open files | 20 | 20 | 20 | 20 | 20 | 20 | 20 |",
        "| posts, threads | 5 | 5 | 5 | 5 | 5 | 5 | 5 |",
        "| posts, remembered tokens, at most | 10 | 10 | 10 | 10 | 10 | 10 | 10 |",
        "| posts, revocations | 0 | 5 | 15 | 30 | 45 | 60 | 0 |",
    ]
