"""The keys of this process: a copy of the table, from which the clock picks. Replicas agree without a leader."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from identity_service.errors import NoSigningKey
from identity_service.keys import service
from identity_service.keys.models import SigningKey, whose_turn
from identity_service.keys.sealing import Sealer
from identity_service.keys.service import Schedule
from identity_service.keys.signing import Signer
from watchword.auth.errors import UnknownKey
from watchword.auth.public_key import PublicKey
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.errors import Unavailable

logger = logging.getLogger("identity.keys")

UNKNOWN_KID_COOLDOWN: Final = timedelta(seconds=1)


class Keyring:
    """Signs with the key whose turn it is, and is the source of verification keys for this service's own guards."""

    def __init__(self, database: Database, sealer: Sealer, schedule: Schedule, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._schedule = schedule
        self._clock = clock
        self._rows: Sequence[SigningKey] = ()
        self._signers: dict[str, Signer] = {}
        self._public: dict[str, PublicKey] = {}
        self._read_at = datetime.min.replace(tzinfo=UTC)
        self._looking_again = asyncio.Lock()

    def signer(self) -> Signer:
        """The key that signs at this instant. Raises NoSigningKey where there is none."""
        signing = whose_turn(self._rows, self._clock.now())
        if signing is None:
            raise NoSigningKey("no key signs now")
        return self._signers[signing.kid]

    def published(self) -> list[PublicKey]:
        """The keys that belong in the JWKS at this instant, the newest first."""
        now = self._clock.now()
        rows = sorted(
            (row for row in self._rows if row.is_published(now)), key=lambda row: row.signs_from, reverse=True
        )
        return [self._public[row.kid] for row in rows]

    def find(self, kid: str) -> PublicKey | None:
        return self._public.get(kid) if self._is_published(kid, self._clock.now()) else None

    async def get(self, kid: str) -> PublicKey:
        key = self.find(kid)
        if key is None:
            async with self._looking_again:
                # Another replica may have made it. Anyone can write any kid; that buys one look a second.
                if self._clock.now() - self._read_at >= UNKNOWN_KID_COOLDOWN:
                    await self.reload()
                key = self.find(kid)
        if key is None:
            raise UnknownKey("unknown kid")
        return key

    async def start(self) -> None:
        """Nothing: the keys are in the database, which the service's own start-up looks at first."""

    async def stop(self) -> None:
        """Nothing was started."""

    async def keep(self) -> None:
        """Look at the table again and again, for as long as the process lives, and rotate when it is time."""
        while True:
            await asyncio.sleep(self._schedule.check_seconds)
            try:
                await self.look()
            except Unavailable as error:
                logger.warning("the keys could not be looked at", extra={"reason": error.reason})
            except Exception:
                # A bug or a database set up wrongly; ending here would end all rotation unnoticed.
                logger.exception("the keys could not be looked at")

    async def reload(self) -> None:
        self._read_at = self._clock.now()
        rows = await service.load(self._database)
        known = {row.kid for row in rows}
        self._signers = {kid: signer for kid, signer in self._signers.items() if kid in known}
        self._public = {kid: public for kid, public in self._public.items() if kid in known}
        for row in rows:
            if row.kid not in self._signers:
                self._signers[row.kid] = Signer(row.kid, self._sealer.unseal(row.kid, row.sealed_private_key))
                self._public[row.kid] = PublicKey(kid=row.kid, n=row.n, e=row.e)
        self._rows = rows

    async def look(self) -> None:
        """Read the table again, and make the next key, or the first, where that is due."""
        await self.reload()
        if self._schedule.is_due(self._rows, self._clock.now()):
            await service.ensure_successor(self._database, self._sealer, self._schedule, self._clock.now())
            await self.reload()

    def _is_published(self, kid: str, now: datetime) -> bool:
        return any(row.kid == kid and row.is_published(now) for row in self._rows)
