"""What a measurement gives: its tables as Markdown, its pictures, and what it must hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Budget:
    """What was measured, and the least or the most that it may be."""

    what: str
    value: float
    least: float | None = None
    most: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if (self.least is None) == (self.most is None):
            raise ValueError("a budget has either the least or the most that something may be")

    @property
    def holds(self) -> bool:
        """Whether the value is within the budget; a NaN never is."""
        return self.value >= self.least if self.least is not None else self.most is not None and self.value <= self.most

    def __str__(self) -> str:
        limit = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        verdict = "holds" if self.holds else "**missed**"
        return f"- {self.what}: {self.value:.3g}{self.unit}; budget {limit}{self.unit}: {verdict}"


@dataclass(frozen=True)
class Section:
    """The tables of one measurement. `pictures` are SVG texts by the names of their files."""

    text: str
    budgets: Sequence[Budget] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_missed(self) -> bool:
        return not all(budget.holds for budget in self.budgets)

    @property
    def markdown(self) -> str:
        """The tables, and below them each budget with its verdict."""
        return "\n".join([self.text, *(["", *map(str, self.budgets)] if self.budgets else [])])
