"""How much is measured: enough for figures that mean something, or just enough to try whether a measurement works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Rounds of each variant, and the seconds that the load generator takes for one of them."""

    rounds: int
    seconds: int

    @property
    def is_trial(self) -> bool:
        return self.rounds < FULL.rounds


FULL = Effort(rounds=7, seconds=4)
TRIAL = Effort(rounds=1, seconds=1)
