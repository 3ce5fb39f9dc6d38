"""Opens the rows of the table of signing keys. Only the sealed private key of a row is trusted, and the public key is
derived from it: otherwise anyone who can write to the table could publish a key of their own under a `kid` of ours."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from identity_service.keys.generation import public_half
from identity_service.keys.models import SigningKey
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.keys.signing import Signer
from watchword.auth.public_key import PublicKey

logger = logging.getLogger("identity.keys")


class OpenedKey(NamedTuple):
    signer: Signer
    public: PublicKey


def open_key(sealer: Sealer, row: SigningKey) -> OpenedKey:
    """Both halves of the key in this row. Raises CannotUnseal, also if the row names another key than it holds.

    The columns `n` and `e` are for earlier releases, which read them.
    """
    private = sealer.unseal(row.kid, row.sealed_private_key)
    public = public_half(private)
    if public.kid != row.kid:
        raise CannotUnseal(f"the signing key {row.kid} is sealed with another key than its kid names")
    return OpenedKey(Signer(row.kid, private), public)


def usable_rows(sealer: Sealer, rows: Sequence[SigningKey], now: datetime) -> list[SigningKey]:
    """The rows whose keys can be opened.

    Raises CannotUnseal if keys are published and none of them can be opened. Then this process has another
    key-encryption key than the others, and no other process could use what it adds.
    """
    failures = [_failure(sealer, row) for row in rows]
    usable = [row for row, failure in zip(rows, failures, strict=True) if failure is None]
    published = [failure for row, failure in zip(rows, failures, strict=True) if row.is_published(now)]
    if published and all(published):
        raise CannotUnseal(next(failure for failure in published if failure))
    return usable


class KeyCache:
    """The opened keys of this process. A row that cannot be opened affects no other, and is logged once."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._opened: Mapping[str, OpenedKey] = {}
        self._logged: set[tuple[str, bytes]] = set()

    def open(self, rows: Sequence[SigningKey]) -> Mapping[str, OpenedKey]:
        """The keys that can be opened, by `kid`: those of the call before and those of new rows."""
        opened: dict[str, OpenedKey] = {}
        for row in rows:
            # The kid is the thumbprint of the key, so that a row with a known kid holds a known key.
            key = self._opened.get(row.kid) or self._try(row)
            if key is not None:
                opened[row.kid] = key
        self._opened = opened
        return opened

    def _try(self, row: SigningKey) -> OpenedKey | None:
        try:
            key = open_key(self._sealer, row)
        except CannotUnseal as error:
            if (sealed_key := (row.kid, row.sealed_private_key)) not in self._logged:
                self._logged.add(sealed_key)
                logger.error("a signing key is not used: %s", error.reason, extra={"kid": row.kid})
            return None
        if key.public != PublicKey(row.kid, row.n, row.e):
            logger.warning("the columns n and e of the signing key %s are not those of the key", row.kid)
        return key


def _failure(sealer: Sealer, row: SigningKey) -> str | None:
    """Why the key cannot be opened; None if it can."""
    try:
        open_key(sealer, row)
    except CannotUnseal as error:
        return error.reason
    return None
