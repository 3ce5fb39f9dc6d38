"""Medians of rounds, ratios, and the table of them."""

import math

from tests.bench.comparison import Figures, ratio, table
from tests.bench.load import Rate


def figures(*rates: float, failed: int = 0) -> Figures:
    """Rounds of one second each, in which the server had half a second of its core."""
    rounds = [Rate(rate, 10.0, 20.0, failed, int(rate)) for rate in rates]
    return Figures(rounds, [0.5] * len(rounds))


def nothing() -> Figures:
    return Figures([Rate(0.0, math.inf, math.inf, 32, 0)], [0.1])


def test_each_figure_is_a_median_and_failures_are_added_up() -> None:
    some = figures(1000, 500, 2000, failed=1)
    assert (some.per_second, some.cpu_microseconds) == (1000, 500)
    assert (some.failed, some.answered) == (3, 3500)


def test_a_ratio_to_a_server_that_answers_nothing_is_infinite() -> None:
    comparison = {"ours": figures(1000), "dead": nothing()}
    assert ratio(comparison, "ours", "dead") == math.inf
    assert ratio(comparison, "dead", "ours") == 0


def test_a_table_has_ratios_and_dashes_for_what_could_not_be_measured() -> None:
    rows = table({"limit": figures(2000), "ours": figures(1000), "dead": nothing()}, "limit", "of the limit").split(
        "\n"
    )
    assert rows[2:] == [
        "| limit | 2,000 | 1.00 | 10.0 | 20.0 | 250 | 0 of 2,000 |",
        "| ours | 1,000 | 0.50 | 10.0 | 20.0 | 500 | 0 of 1,000 |",
        "| dead | 0 | 0.00 | – | – | – | 32 of 0 |",
    ]
    assert {row.count("|") for row in rows} == {8}
