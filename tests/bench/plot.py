"""Draw SVG plots: the share of measurements that took at most a given time, and lines over sizes that grow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 360, 60, 40, 20, 50
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df")


@dataclass(frozen=True)
class Series:
    name: str
    values: list[float]


def curves(series: list[Series], title: str) -> str:
    """The SVG text with one rising curve for each series; the horizontal axis ends at the largest value."""
    longest = max(max(one.values) for one in series) * 1.02
    parts = _frame(title)
    for share in (0, 25, 50, 75, 100):
        parts += _grid_line(_y(share / 100), f"{share} %")
    for step in range(6):
        value = longest * step / 5
        parts.append(_size_label(_x(value / longest), f"{value:.0f} ms"))
    for index, one in enumerate(series):
        ordered = sorted(one.values)
        points = [(_x(0), _y(0))]
        points += [(_x(value / longest), _y((i + 1) / len(ordered))) for i, value in enumerate(ordered)]
        parts += [_line(points, COLOURS[index]), *_legend(one.name, index, len(series), lowest=True)]
    return "\n".join([*parts, "</svg>", ""])


def lines(series: Sequence[Series], sizes: Sequence[str], title: str, unit: str) -> str:
    """The SVG text with one line for each series over the sizes, which are equally far apart. The vertical axis is
    logarithmic, from one power of ten to another; a value that is infinite or zero leaves a gap."""
    values = [value for one in series for value in one.values if _is_drawn(value)]
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    parts = _frame(title)
    for power in range(low, high + 1):
        parts += _grid_line(_y((power - low) / (high - low)), f"{10.0**power:,g} {unit}")
    steps = max(len(sizes) - 1, 1)
    parts += [_size_label(_x(i / steps), size) for i, size in enumerate(sizes)]
    for index, one in enumerate(series):
        parts += _legend(one.name, index, len(series), lowest=False)
        for segment in _segments(one.values):
            points = [(_x(i / steps), _y((math.log10(value) - low) / (high - low))) for i, value in segment]
            parts += [_line(points, COLOURS[index]), *(_dot(point, COLOURS[index]) for point in points)]
    return "\n".join([*parts, "</svg>", ""])


def _is_drawn(value: float) -> bool:
    return 0 < value < math.inf


def _segments(values: Sequence[float]) -> list[list[tuple[int, float]]]:
    """The runs of values that can be drawn, each value with its place."""
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if _is_drawn(value):
            runs[-1].append((place, value))
        else:
            runs.append([])
    return [run for run in runs if run]


def _frame(title: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{title}</text>',
    ]


def _grid_line(y: float, text: str) -> list[str]:
    return [
        f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>',
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>',
    ]


def _size_label(x: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{text}</text>'


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _dot(point: tuple[float, float], colour: str) -> str:
    return f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="3" fill="{colour}"/>'


def _legend(name: str, index: int, count: int, *, lowest: bool) -> list[str]:
    """A name with its colour: at the bottom right, where curves that rise are not, or at the top left."""
    x = WIDTH - 190 if lowest else LEFT + 15
    y = HEIGHT - BOTTOM - 20 - 18 * (count - 1 - index) if lowest else TOP + 12 + 18 * index
    return [
        f'<line x1="{x}" y1="{y}" x2="{x + 25}" y2="{y}" stroke="{COLOURS[index]}" stroke-width="3"/>',
        f'<text x="{x + 32}" y="{y + 4}">{name}</text>',
    ]


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
