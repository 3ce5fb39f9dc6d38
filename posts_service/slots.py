"""How much of one kind a process does at a time for each who asks for it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def slot(counts: Counter[str], key: str, limit: int, refusal: type[Exception]) -> Iterator[None]:
    """One of the `limit` slots of this key during the block. Raises `refusal` if all are taken."""
    if counts[key] >= limit:
        raise refusal
    counts[key] += 1
    try:
        yield
    finally:
        counts[key] -= 1
        if not counts[key]:
            del counts[key]
