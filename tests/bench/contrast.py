"""Two series of times, and whether their medians are so close that neither tells what was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import median, quantiles

MOST_SHARE, MOST_MILLISECONDS = 0.05, 3.0
RESAMPLES = 1_000


@dataclass(frozen=True)
class Contrast:
    """The milliseconds of answers about something that nobody has, and about something that somebody has."""

    name: str
    unknown: Sequence[float]
    known: Sequence[float]

    @property
    def difference(self) -> float:
        """The median of the known less that of the unknown."""
        return median(self.known) - median(self.unknown)

    @property
    def allowed(self) -> float:
        """How much the medians may differ: a share of the unknown one, or a few milliseconds if these are more."""
        return max(MOST_SHARE * median(self.unknown), MOST_MILLISECONDS)

    def interval(self) -> tuple[float, float]:
        """Where the difference lies in 95 % of the cases in which both series are drawn again from themselves."""
        random = Random(0)
        differences = sorted(
            median(random.choices(self.known, k=len(self.known)))
            - median(random.choices(self.unknown, k=len(self.unknown)))
            for _ in range(RESAMPLES)
        )
        return differences[RESAMPLES // 40], differences[-RESAMPLES // 40]


def table(contrasts: Sequence[Contrast]) -> str:
    """A row for each, with the quartiles of both series."""
    lines = [
        "| Request | unknown, ms (quartiles) | known, ms (quartiles) | difference, ms (95 % interval) | allowed, ms |",
        "|---|---|---|---|---|",
    ]
    for contrast in contrasts:
        low, high = contrast.interval()
        difference = f"{contrast.difference:+.1f} ({low:+.1f} to {high:+.1f})"
        cells = [contrast.name, _spread(contrast.unknown), _spread(contrast.known), difference]
        lines.append(f"| {' | '.join(cells)} | {contrast.allowed:.1f} |")
    return "\n".join(lines)


def _spread(times: Sequence[float]) -> str:
    lower, middle, upper = quantiles(times, n=4, method="inclusive")
    return f"{middle:.1f} ({lower:.1f}–{upper:.1f})"
