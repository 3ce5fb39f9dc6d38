"""Letters: enqueued in the transaction of a change, rendered and sent after it."""

from identity_service.letters.enqueueing import LETTER, Letters
from identity_service.letters.letter import Letter, LetterKind

__all__ = ["LETTER", "Letter", "LetterKind", "Letters"]
