"""What is shown of signing keys: never the private half."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from identity_service.keys import repository
from identity_service.keys.key_encryption import Kind, Seal
from identity_service.keys.models import KeyState, SigningKey, whose_turn
from identity_service.keys.opening import open_key
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.keys.service import KeyNotFound
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.http.keyset import InvalidCursor, cursor_of, key_of
from watchword.http.paging import Page

_LIST: Final = "signing keys"


class KeyView(NamedTuple):
    """A signing key, and the id of the key-encryption key that seals it; None if this process cannot open it."""

    row: SigningKey
    state: KeyState
    key_encryption_key: str | None


class KeyViews:
    """Reads the signing keys. There are as many as were made within the life of a refresh token."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    async def read_page(self, cursor: str | None, limit: int) -> Page[KeyView]:
        """The keys, the last to sign first. Raises InvalidCursor, also if the key of the cursor has been deleted."""
        views = self._views(await self._rows())
        first = 0
        if cursor is not None:
            kid, kids = key_of(_LIST, cursor), [view.row.kid.encode() for view in views]
            if kid not in kids:
                raise InvalidCursor
            first = kids.index(kid) + 1
        return Page.of(views[first : first + limit + 1], limit, _cursor_of)

    async def get(self, kid: str) -> KeyView:
        """The key with this id. Raises KeyNotFound."""
        for view in self._views(await self._rows()):
            if view.row.kid == kid:
                return view
        raise KeyNotFound(f"there is no signing key {kid}")

    async def _rows(self) -> Sequence[SigningKey]:
        async with self._database.begin() as db:
            return await repository.all_keys(db)

    def _views(self, rows: Sequence[SigningKey]) -> list[KeyView]:
        now = self._clock.now()
        ids = {row.kid: self._key_encryption_key(row) for row in rows}
        signing = whose_turn((row for row in rows if ids[row.kid] is not None), now)
        return [KeyView(row, _state(row, signing, now), ids[row.kid]) for row in reversed(rows)]

    def _key_encryption_key(self, row: SigningKey) -> str | None:
        try:
            open_key(self._sealer, row)
            return self._sealer.open(Seal(Kind.SIGNING_KEY, row.kid), row.sealed_private_key).key.id
        except CannotUnseal:
            return None


def _state(row: SigningKey, signing: SigningKey | None, now: datetime) -> KeyState:
    return row.state(now, is_its_turn=signing is not None and row.kid == signing.kid)


def _cursor_of(view: KeyView) -> str:
    return cursor_of(_LIST, view.row.kid.encode())
