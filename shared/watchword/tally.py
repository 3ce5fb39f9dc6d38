"""Counts by outcome, kept in memory and read by the metrics."""


class Tally(dict[str, int]):
    """How often each outcome has occurred since the process started: `tally["accepted"] += 1`."""

    def __init__(self, *outcomes: str) -> None:
        super().__init__(dict.fromkeys(outcomes, 0))
