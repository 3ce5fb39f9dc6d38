"""Budgets, and what a measurement prints of them."""

import math

import pytest

from tests.bench.section import Bound, Section


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        (Bound("a ratio", 0.9, least=0.9), True),
        (Bound("a ratio", 0.89, least=0.9), False),
        (Bound("a time", 2.0, most=2.0), True),
        (Bound("a time", 2.1, most=2.0), False),
        (Bound("failures", 0, most=0), True),
        (Bound("failures", 1, most=0), False),
        (Bound("a ratio of nothing", math.nan, least=0.9), False),
        (Bound("a time of nothing", math.nan, most=2.0), False),
    ],
)
def test_a_budget_holds_up_to_its_bound(bound: Bound, holds: bool) -> None:
    assert bound.holds is holds
    assert ("**missed**" in str(bound)) is not holds


def test_a_budget_has_exactly_one_bound() -> None:
    for least, most in ((None, None), (1.0, 2.0)):
        with pytest.raises(ValueError, match="either the least or the most"):
            Bound("a ratio", 1.0, least, most)


def test_the_verdicts_stand_below_the_table() -> None:
    section = Section("| a table |", [Bound("a ratio", 0.5, least=0.9), Bound("a time", 1.0, most=2.0, unit=" ms")])
    assert section.markdown == (
        "| a table |\n\n- a ratio: 0.5; budget at least 0.9: **missed**\n- a time: 1 ms; budget at most 2 ms: holds"
    )
    assert section.is_missed


def test_a_measurement_without_budgets_misses_none() -> None:
    section = Section("| a table |")
    assert section.markdown == "| a table |"
    assert not section.is_missed
