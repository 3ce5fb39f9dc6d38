"""What a process holds at one moment of a soak, and the table of many such moments."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from statistics import linear_regression

import psutil

from tests.support.metrics import Scrape
from watchword.auth import Verifier

REMEMBERED_AT_MOST = signature(Verifier).parameters["remember"].default
# The columns of the table, as parts of the whole time.
SHOWN = (0, 1 / 12, 1 / 4, 1 / 2, 3 / 4, 1)


@dataclass(frozen=True)
class Sample:
    """One process at one moment. `remembered` is how many tokens its verifier remembers at most: it may have forgotten
    some of those that it has accepted."""

    megabytes: float
    files: int
    threads: int
    remembered: int
    revocations: int
    connections: int


Moments = Mapping[float, Mapping[str, Sample]]
"""The samples of each service by its name, by the seconds since the load began, in order."""

ROWS = {
    "MB": "megabytes",
    "open files": "files",
    "threads": "threads",
    "remembered tokens, at most": "remembered",
    "revocations": "revocations",
    "open streams": "connections",
}


def sample_of(process_id: int, metrics: Scrape) -> Sample:
    """The process as the kernel and its own metrics show it."""
    process = psutil.Process(process_id)
    verified = metrics("watchword_token_verifications_total", outcome="accepted")
    with process.oneshot():
        return Sample(
            megabytes=process.memory_info().rss / 1e6,
            files=process.num_fds(),
            threads=process.num_threads(),
            remembered=min(int(verified), REMEMBERED_AT_MOST),
            revocations=int(metrics("watchword_revocations_held")),
            connections=int(metrics("watchword_open_connections")),
        )


def table(moments: Moments, after: Mapping[str, Sample]) -> str:
    """A row for whatever is not always zero, at some moments of the load and `after` it."""
    end = max(moments)
    shown = [moments[nearest(moments, part * end)] for part in SHOWN]
    minutes = [f"{nearest(moments, part * end) / 60:.2g} min" for part in SHOWN]
    lines = [f"| What | {' | '.join(minutes)} | after it |", "|---" * (len(SHOWN) + 2) + "|"]
    for service in after:
        for title, member in ROWS.items():
            values = [getattr(samples[service], member) for samples in (*shown, after)]
            if any(values):
                lines.append(f"| {service}, {title} | {' | '.join(f'{value:,.0f}' for value in values)} |")
    return "\n".join(lines)


def nearest(moments: Moments, seconds: float) -> float:
    """The time of the samples that were taken nearest to this time, both in seconds since the load began."""
    return min(moments, key=lambda moment: abs(moment - seconds))


def megabytes_per_hour(moments: Moments, service: str) -> float:
    """The slope of the straight line that fits the second half of the samples best."""
    half = [(at / 3600, samples[service].megabytes) for at, samples in moments.items() if at >= max(moments) / 2]
    return linear_regression([hour for hour, _ in half], [megabytes for _, megabytes in half]).slope
