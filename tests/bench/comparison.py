"""Send the same load to several servers in turns, and compare what they did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.effort import Effort
from tests.bench.load import CLIENT_CORE, Rate, wrk
from tests.bench.servers import Server


def _no_script() -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Variant:
    """One row of a table: requests to a path of a server, and perhaps the database whose CPU time they take. For each
    round, `script` gives a Lua file and arguments."""

    name: str
    server: Server
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    script: Callable[[], Sequence[str]] = _no_script
    database: Server | None = None


@dataclass
class Figures:
    """The rounds of one variant, and the medians of them."""

    rates: list[Rate] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    database_seconds: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return median(rate.per_second for rate in self.rates)

    @property
    def p50(self) -> float:
        return median(rate.p50 for rate in self.rates)

    @property
    def p99(self) -> float:
        return median(rate.p99 for rate in self.rates)

    @property
    def failed(self) -> int:
        """The failed requests of all rounds."""
        return sum(rate.failed for rate in self.rates)

    @property
    def answered(self) -> int:
        """The answers of all rounds, failed ones too."""
        return sum(rate.answered for rate in self.rates)

    @property
    def cpu_microseconds(self) -> float:
        """CPU time of the server for one answer; infinite if the median round had no answer."""
        return self._microseconds(self.cpu_seconds)

    @property
    def database_microseconds(self) -> float:
        """The same of the database; none has been measured unless the variant names it."""
        return self._microseconds(self.database_seconds)

    def _microseconds(self, cpu_seconds: Sequence[float]) -> float:
        pairs = zip(self.rates, cpu_seconds, strict=True)
        return median(seconds / rate.answered * 1e6 if rate.answered else float("inf") for rate, seconds in pairs)


Comparison = dict[str, Figures]


def compare(
    variants: Sequence[Variant], effort: Effort, *, connections: int = 32, core: str | None = CLIENT_CORE
) -> Comparison:
    """The figures by the names of the variants. Every other round runs backwards: no variant always comes first."""
    figures: Comparison = {variant.name: Figures() for variant in variants}
    for index in range(effort.rounds):
        for variant in variants if index % 2 == 0 else reversed(variants):
            servers = [variant.server, *([variant.database] if variant.database is not None else [])]
            used, script = [server.cpu_seconds() for server in servers], variant.script()
            url = variant.server.url + variant.path
            rate = wrk(url, variant.headers, connections=connections, seconds=effort.seconds, script=script, core=core)
            figures[variant.name].rates.append(rate)
            seconds = [server.cpu_seconds() - before for server, before in zip(servers, used, strict=True)]
            figures[variant.name].cpu_seconds.append(seconds[0])
            figures[variant.name].database_seconds += seconds[1:]
    return figures


def ratio(comparison: Comparison, name: str, base: str) -> float:
    """Requests per second against those of another variant; infinite if that one answered nothing."""
    other = comparison[base].per_second
    return comparison[name].per_second / other if other else float("inf")


def table(comparison: Comparison, base: str, ratio_title: str) -> str:
    """A row for each variant, with its requests per second against those of `base`."""
    lines = [
        f"| Variant | req/s | {ratio_title} | p50 ms | p99 ms | CPU µs per answer | failed of |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in comparison.items():
        lines.append(
            f"| {name} | {figures.per_second:,.0f} | {number(ratio(comparison, name, base), '.2f')}"
            f" | {number(figures.p50, '.1f')} | {number(figures.p99, '.1f')}"
            f" | {number(figures.cpu_microseconds, ',.0f')} | {figures.failed:,} of {figures.answered:,} |"
        )
    return "\n".join(lines)


def number(value: float, form: str) -> str:
    """The value in this form; a dash if nothing could be measured."""
    return format(value, form) if value != float("inf") else "–"
