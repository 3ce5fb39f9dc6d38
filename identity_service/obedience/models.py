"""An act that revokes, as far as its answer is concerned."""

from typing import NamedTuple

from identity_service.events.enqueueing import Enqueued


class Act(NamedTuple):
    """What an act has put into streams, who did it, and to what it was done, as in the audit log."""

    enqueued: Enqueued
    actor: str
    subject: str
