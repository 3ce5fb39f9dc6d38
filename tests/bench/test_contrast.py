"""The difference of two medians: its sign, how much of it is allowed, and how sure it is."""

import pytest

from tests.bench.contrast import Contrast, table


def test_the_difference_is_of_the_medians_and_positive_if_the_known_takes_longer() -> None:
    assert Contrast("a", [1.0, 2.0, 900.0], [3.0, 4.0, 5.0]).difference == 2.0
    assert Contrast("a", [3.0, 4.0, 5.0], [1.0, 2.0, 900.0]).difference == -2.0


@pytest.mark.parametrize(("unknown", "allowed"), [(10.0, 3.0), (60.0, 3.0), (400.0, 20.0)])
def test_a_share_is_allowed_or_a_few_milliseconds_if_these_are_more(unknown: float, allowed: float) -> None:
    assert Contrast("a", [unknown] * 3, [1.0] * 3).allowed == pytest.approx(allowed)


def test_the_interval_is_as_wide_as_the_series_are_and_the_same_each_time() -> None:
    steady = Contrast("a", [10.0] * 50, [12.0] * 50)
    assert steady.interval() == (2.0, 2.0)
    noisy = Contrast("a", [float(n) for n in range(100)], [float(n + 2) for n in range(100)])
    low, high = noisy.interval()
    assert -30 < low < 2 < high < 30
    assert noisy.interval() == (low, high)


def test_a_row_has_both_medians_with_their_quartiles() -> None:
    rows = table([Contrast("a reset", [10.0, 11.0, 12.0], [20.0, 20.0, 20.0])]).split("\n")
    (row,) = rows[2:]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:3] == ["a reset", "11.0 (10.5–11.5)", "20.0 (20.0–20.0)"]
    assert cells[3].startswith("+9.0 (")
    assert cells[4] == "3.0"
    assert {line.count("|") for line in rows} == {6}
