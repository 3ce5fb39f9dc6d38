"""Budgets, and what a measurement prints of them."""

import math

import pytest

from tests.bench.section import Budget, Section


@pytest.mark.parametrize(
    ("budget", "holds"),
    [
        (Budget("a ratio", 0.9, least=0.9), True),
        (Budget("a ratio", 0.89, least=0.9), False),
        (Budget("a time", 2.0, most=2.0), True),
        (Budget("a time", 2.1, most=2.0), False),
        (Budget("failures", 0, most=0), True),
        (Budget("failures", 1, most=0), False),
        (Budget("a ratio of nothing", math.nan, least=0.9), False),
        (Budget("a time of nothing", math.nan, most=2.0), False),
    ],
)
def test_a_budget_holds_up_to_its_limit(budget: Budget, holds: bool) -> None:
    assert budget.holds is holds
    assert ("**missed**" in str(budget)) is not holds


def test_a_budget_has_exactly_one_limit() -> None:
    for least, most in ((None, None), (1.0, 2.0)):
        with pytest.raises(ValueError, match="either the least or the most"):
            Budget("a ratio", 1.0, least, most)


def test_the_verdicts_stand_below_the_table() -> None:
    section = Section("| a table |", [Budget("a ratio", 0.5, least=0.9), Budget("a time", 1.0, most=2.0, unit=" ms")])
    assert section.markdown == (
        "| a table |\n\n- a ratio: 0.5; budget at least 0.9: **missed**\n- a time: 1 ms; budget at most 2 ms: holds"
    )
    assert section.is_missed


def test_a_measurement_without_budgets_misses_none() -> None:
    section = Section("| a table |")
    assert section.markdown == "| a table |"
    assert not section.is_missed
