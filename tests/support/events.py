"""Security events that a receiver takes as if its transmitter had just sent them."""

from tests.support.waiting import until
from watchword.events import ReceivedEvent, Receiver
from watchword.events.postgres_receiver import PostgresReceiver
from watchword.events.store import PollLeaseLost


async def receive(receiver: Receiver, received: ReceivedEvent) -> None:
    """Return when the refusal is committed and the effect has happened, in the process of this receiver."""

    assert isinstance(receiver, PostgresReceiver)

    async def is_committed() -> bool:
        # The receiver gives the lease back each time that it has not reached its transmitter.
        if not await receiver._store.take_poll_lease():
            return False
        try:
            await receiver._intake.accept(received)
        except PollLeaseLost:
            return False
        return True

    await until(is_committed)
    await until(lambda: received.jti not in receiver._effects)
