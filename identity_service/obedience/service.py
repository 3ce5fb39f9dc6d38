"""Waiting until the services obey an act, and keeping the answer."""

import logging
from typing import Final
from uuid import UUID

from identity_service.audit import repository as audit
from identity_service.audit.models import AuditEntry
from identity_service.errors import AnswerNotFound
from identity_service.events.obedience_wait import ObedienceWait
from identity_service.events.schemas import ObedienceRead, ObedientService
from identity_service.obedience.models import Act
from watchword.database.database import Database

logger = logging.getLogger("identity.obedience")


_ACTION: Final = "act.answered"


class Obedience:
    """Says which services obey an act that is committed: nothing that fails here undoes one."""

    def __init__(self, database: Database, obedience_wait: ObedienceWait) -> None:
        self._database = database
        self._obedience_wait = obedience_wait

    async def wait(self, act: Act | None, seconds: int) -> ObedienceRead:
        """Which services obey the act after so many seconds at most, and which have not confirmed it. None is an act
        that had nothing to change."""
        obedience, _ = await self._answer(act, seconds)
        return obedience

    async def wait_for_entry(self, act: Act | None, seconds: int) -> UUID | None:
        """Wait as `wait` does, and return the id of the answer for `read`: None for an act that had nothing to change,
        and if the answer could not be kept."""
        _, entry_id = await self._answer(act, seconds)
        return entry_id

    async def read(self, user_id: UUID, entry_id: UUID) -> ObedienceRead:
        """The answer to an act of this user. Raises AnswerNotFound."""
        entry = await self._find(user_id, entry_id)
        if entry is None:
            raise AnswerNotFound
        return _read(entry)

    async def find_about(self, subject: str, user_id: UUID, entry_id: UUID) -> ObedienceRead | None:
        """The answer to an act of this user on this subject; None if there is none."""
        entry = await self._find(user_id, entry_id)
        return None if entry is None or entry.subject != subject else _read(entry)

    async def _find(self, user_id: UUID, entry_id: UUID) -> AuditEntry | None:
        async with self._database.begin() as db:
            return await audit.find(db, entry_id, str(user_id), _ACTION)

    async def _answer(self, act: Act | None, seconds: int) -> tuple[ObedienceRead, UUID | None]:
        if act is None:
            return ObedienceRead([], []), None
        obedience = await self._obedience_wait.wait(act.enqueued, seconds)
        try:
            return obedience, await self._keep(act, obedience, seconds)
        except Exception:
            # The act is committed, so its answer must not say that it failed.
            logger.exception("an answer is not in the audit log: %s", act.subject, extra={"subject": act.subject})
            return obedience, None

    async def _keep(self, act: Act, obedience: ObedienceRead, seconds: int) -> UUID:
        obeyed = {one.service: one.after_ms for one in obedience.obeyed}
        async with self._database.begin() as db:
            entry = audit.record(
                db,
                act.actor,
                _ACTION,
                act.subject,
                wait=seconds,
                obeyed=obeyed,
                outstanding=obedience.outstanding,
            )
            await db.flush()  # the id comes from the database
            return entry.id


def _read(entry: AuditEntry) -> ObedienceRead:
    obeyed = [ObedientService(*item) for item in sorted(entry.detail["obeyed"].items())]
    return ObedienceRead(obeyed, entry.detail["outstanding"])
