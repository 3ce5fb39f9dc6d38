"""Waiting until the services obey an act, and keeping the answer."""

import logging

from identity_service.audit import repository as audit
from identity_service.events.obedience_wait import ObedienceWait
from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.models import Act
from watchword.database.database import Database

logger = logging.getLogger("identity.obedience")


class Obedience:
    """Says which services obey an act that is committed: nothing that fails here undoes one."""

    def __init__(self, database: Database, obedience_wait: ObedienceWait) -> None:
        self._database = database
        self._obedience_wait = obedience_wait

    async def wait(self, act: Act | None, seconds: int) -> ObedienceRead:
        """Which services obey the act after so many seconds at most, and which have not confirmed it. None is an act
        that had nothing to change."""
        if act is None:
            return ObedienceRead([], [])
        obedience = await self._obedience_wait.wait(act.enqueued, seconds)
        try:
            await self._keep(act, obedience, seconds)
        except Exception:
            # The act is committed, so its answer must not say that it failed.
            logger.exception("an answer is not in the audit log: %s", act.subject, extra={"subject": act.subject})
        return obedience

    async def _keep(self, act: Act, obedience: ObedienceRead, seconds: int) -> None:
        obeyed = {one.service: one.after_ms for one in obedience.obeyed}
        async with self._database.begin() as db:
            audit.record(
                db,
                act.actor,
                "act.answered",
                act.subject,
                wait=seconds,
                obeyed=obeyed,
                outstanding=obedience.outstanding,
            )
