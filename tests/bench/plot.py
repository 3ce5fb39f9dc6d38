"""Draw an SVG plot: the share of measurements that took at most a given time."""

from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 360, 60, 40, 20, 50
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700")


@dataclass(frozen=True)
class Series:
    name: str
    values: list[float]


def curves(series: list[Series], title: str) -> str:
    """The SVG text with one rising curve for each series; the horizontal axis ends at the largest value."""
    longest = max(max(one.values) for one in series) * 1.02
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{title}</text>',
    ]
    for share in (0, 25, 50, 75, 100):
        y = _y(share / 100)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share} %</text>')
    for step in range(6):
        value = longest * step / 5
        x = _x(value, longest)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:.0f} ms</text>')
    for index, (one, colour) in enumerate(zip(series, COLOURS, strict=True)):
        ordered = sorted(one.values)
        points = [f"{_x(0, longest):.1f},{_y(0):.1f}"]
        points += [f"{_x(v, longest):.1f},{_y((i + 1) / len(ordered)):.1f}" for i, v in enumerate(ordered)]
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = HEIGHT - BOTTOM - 20 - 18 * (len(series) - 1 - index)
        parts.append(
            f'<line x1="{WIDTH - 190}" y1="{y}" x2="{WIDTH - 165}" y2="{y}" stroke="{colour}" stroke-width="3"/>'
        )
        parts.append(f'<text x="{WIDTH - 158}" y="{y + 4}">{one.name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(value: float, longest: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value / longest


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
