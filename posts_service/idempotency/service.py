"""Making a change once for each key of a person."""

from collections.abc import Awaitable, Callable

from posts_service.authors import repository as authors
from posts_service.errors import IdempotencyKeyReused
from posts_service.idempotency import repository
from posts_service.idempotency.values import Answer, KeyedRequest
from watchword.auth import Principal
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.writes import WriteTransaction


class Idempotency:
    """Wraps the transaction of a change. The key, the change and its answer are committed together, or not at all."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(
        self, writer: Principal, keyed_request: KeyedRequest, change: Callable[[WriteTransaction], Awaitable[Answer]]
    ) -> Answer:
        """Make the change and return its answer or, if it was made already, the answer of that time.

        `change` is called within the transaction, in which the writer's card is kept. An error of it stores nothing.
        Raises IdempotencyKeyReused, NotPermitted for a caller who is no person, and InvalidToken.
        """
        async with self._database.writes.begin() as db:
            # Before the key: an erasure of the account waits for this transaction, and then deletes what it wrote.
            await authors.ensure_card(db, writer)
            person_id = writer.person_id()
            stored = await repository.claim(db, person_id, keyed_request, self._clock.now())
            if stored is None:
                answer = await change(db)
                await repository.store(db, person_id, keyed_request.key, answer)
                return answer
        if stored.digest != keyed_request.digest:
            raise IdempotencyKeyReused
        return stored.answer
