"""Plots are SVG texts whose lines have a point for each value that can be drawn."""

import math
import re
from xml.etree import ElementTree

from tests.bench.plot import Series, curves, lines


def points(svg: str) -> list[list[tuple[float, float]]]:
    """The points of each line. Fails if the text is no XML."""
    ElementTree.fromstring(svg)  # noqa: S314 - it is ours
    drawn = re.findall(r'<polyline points="([^"]+)"', svg)
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())] for line in drawn]


def test_a_larger_value_is_higher_and_a_larger_size_further_right() -> None:
    (line,) = points(lines([Series("ours", [10.0, 20.0, 400.0])], ["1", "8", "32"], "p99", "ms"))
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    # The vertical coordinates of SVG grow downwards.
    assert [y for _, y in line] == sorted((y for _, y in line), reverse=True)


def test_the_axis_runs_from_one_power_of_ten_to_another() -> None:
    svg = lines([Series("ours", [10.0, 20.0, 400.0])], ["1", "8", "32"], "p99", "ms")
    assert re.findall(r">([\d,]+ ms)<", svg) == ["10 ms", "100 ms", "1,000 ms"]


def test_a_value_that_could_not_be_measured_is_a_gap() -> None:
    svg = lines([Series("a peer", [10.0, math.inf, 30.0, 40.0])], ["1", "8", "32", "128"], "p99", "ms")
    assert [len(line) for line in points(svg)] == [1, 2]
    assert svg.count("<circle") == 3


def test_one_value_for_all_sizes_is_a_level_line() -> None:
    (line,) = points(lines([Series("ours", [10.0, 10.0])], ["1", "8"], "p99", "ms"))
    assert len({y for _, y in line}) == 1


def test_a_curve_ends_with_all_measurements_at_the_largest_value() -> None:
    (line,) = points(curves([Series("idle", [3.0, 1.0, 2.0])], "until refused"))
    assert len(line) == 4
    assert line == sorted(line, key=lambda point: (point[0], -point[1]))
