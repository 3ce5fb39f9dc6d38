"""How many streams of one account, or of one address, a process keeps open."""

from collections import Counter
from contextlib import AbstractContextManager
from typing import Final

from posts_service.errors import TooManyListeners
from posts_service.slots import slot
from watchword.service.networks import address_to_count

MAX_PER_SUBJECT: Final = 20
MAX_PER_ADDRESS: Final = 10


class ListenerSlots:
    """The slots of listeners in this process: `per_subject` for each account, and `per_address` for all anonymous
    listeners of an address, or network of IPv6."""

    def __init__(self, per_subject: int = MAX_PER_SUBJECT, per_address: int = MAX_PER_ADDRESS) -> None:
        self._per_subject = per_subject
        self._per_address = per_address
        self._of_subjects: Counter[str] = Counter()
        self._of_addresses: Counter[str] = Counter()

    def for_subject(self, subject: str) -> AbstractContextManager[None]:
        """A slot of this subject during the block. Raises TooManyListeners."""
        return slot(self._of_subjects, subject, self._per_subject, TooManyListeners)

    def for_address(self, address: str) -> AbstractContextManager[None]:
        """A slot of this address during the block. Raises TooManyListeners."""
        return slot(self._of_addresses, address_to_count(address), self._per_address, TooManyListeners)
