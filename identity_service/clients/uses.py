"""When each secret of a client was used last: noted in the process, and written once a minute."""

import logging
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from sqlalchemy import DateTime, LargeBinary, Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from identity_service.clients.models import ClientRow, ClientUse
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.errors import DatabaseUnavailable
from watchword.tasks import repeat

logger = logging.getLogger("identity.clients")

PAUSE_SECONDS: Final = 60.0


class ClientUses:
    """The uses that this process has seen. A request writes nothing, and what is lost with the process is a minute."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._used_at: dict[tuple[str, bytes], datetime] = {}

    def note(self, client_id: str, secret_hash: bytes) -> None:
        """Note that the client was authenticated by the secret with this hash just now."""
        self._used_at[client_id, secret_hash] = self._clock.now()

    async def run(self) -> None:
        """Write what was noted, until the task is cancelled."""
        await repeat(self.write, lambda: PAUSE_SECONDS, logger, name="recording uses of clients")

    async def write(self) -> None:
        """Write what was noted. Raises DatabaseUnavailable: then it is written the next time."""
        used_at, self._used_at = self._used_at, {}
        if not used_at:
            return
        try:
            async with self._database.begin() as db:
                await db.execute(_upsert(used_at))
        except BaseException:
            self._used_at = used_at | self._used_at
            raise

    async def finish(self) -> None:
        """Write what was noted before the process ends, if the database takes it."""
        with suppress(DatabaseUnavailable):
            await self.write()


def _upsert(used_at: dict[tuple[str, bytes], datetime]) -> Any:
    """Nothing is written of a client that was deleted meanwhile. The rows are locked in one order by every process."""
    ids, hashes = [client_id for client_id, _ in used_at], [secret_hash for _, secret_hash in used_at]
    uses = (
        func.unnest(
            cast(ids, ARRAY(Text)), cast(hashes, ARRAY(LargeBinary)), cast([*used_at.values()], ARRAY(DateTime(True)))
        )
        .table_valued("client_id", "secret_hash", "used_at")
        .render_derived()
    )
    rows = (
        select(uses.c.client_id, uses.c.secret_hash, uses.c.used_at)
        .join(ClientRow, ClientRow.id == uses.c.client_id)
        .order_by(uses.c.client_id, uses.c.secret_hash)
    )
    statement = insert(ClientUse).from_select(["client_id", "secret_hash", "used_at"], rows)
    latest = func.greatest(ClientUse.used_at, statement.excluded.used_at)
    return statement.on_conflict_do_update(
        index_elements=[ClientUse.client_id, ClientUse.secret_hash], set_={"used_at": latest}
    )
