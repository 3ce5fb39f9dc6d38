"""How many exports a process does at a time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from posts_service.errors import ExportsBusy, TooManyExports
from posts_service.slots import slot

MAX_PER_SUBJECT: Final = 2
"""Two, so that whoever has lost a connection can begin again before this process notices."""

MAX_PER_PROCESS: Final = 8
"""Each has a portion in memory, which takes some megabytes, and reads the next one when the caller has taken it."""


class ExportSlots:
    """The slots of exports in this process: `per_subject` for each account, and `per_process` for all of them."""

    def __init__(self, per_subject: int = MAX_PER_SUBJECT, per_process: int = MAX_PER_PROCESS) -> None:
        self._per_subject = per_subject
        self._per_process = per_process
        self._of_subjects: Counter[str] = Counter()

    @contextmanager
    def for_subject(self, subject: str) -> Iterator[None]:
        """A slot of this subject during the block. Raises TooManyExports, ExportsBusy."""
        with slot(self._of_subjects, subject, self._per_subject, TooManyExports):
            if self._of_subjects.total() > self._per_process:
                raise ExportsBusy
            yield
