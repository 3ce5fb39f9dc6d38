"""Counting how attempts to sign in end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from watchword.tally import Tally


@dataclass(slots=True)
class Outcome:
    """How an attempt is counted that raises no error."""

    name: str = "ok"


@contextmanager
def counted(tally: Tally, outcomes: Mapping[type[BaseException], str]) -> Iterator[Outcome]:
    """Count how the block ends: by the outcome that it may name, or by the error that it raises, which counts as
    "failed" if `outcomes` has neither its class nor one above it."""
    outcome = Outcome()
    try:
        yield outcome
    except BaseException as error:
        outcome.name = next((outcomes[kind] for kind in type(error).__mro__ if kind in outcomes), "failed")
        raise
    finally:
        tally[outcome.name] += 1
