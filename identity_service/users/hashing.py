"""Password hashes: the schemes, and how long the hashes of each kind take. Everything here is work for a thread."""

import re
import time
from typing import Any, Final, NamedTuple

from passlib.context import CryptContext

from identity_service.password_settings import PasswordScheme
from identity_service.users.models import HASH_KIND
from identity_service.users.normal_form import normal_password

_BCRYPT_BYTES: Final = 72
_KIND: Final = re.compile(HASH_KIND)
# Those of the library take 64 MB and four threads for each hash.
_ARGON2ID: Final[dict[str, Any]] = {
    "argon2__type": "ID",
    "argon2__memory_cost": 19_456,
    "argon2__time_cost": 2,
    "argon2__parallelism": 1,
}


class Verification(NamedTuple):
    """Whether the password matches, and a replacement if it does and the hash is outdated. `seconds` is what each
    of the hashes took; `kind` is theirs."""

    matches: bool
    new_hash: str | None
    kind: str | None
    seconds: list[float]


class Hasher:
    """Hashes with one scheme, and verifies the hashes of all.

    A password is hashed in its normal form. Hashes of plain bcrypt, of argon2 with other costs, of PBKDF2 and of
    passwords in another form are accepted too, so that users can be imported: `foreign_hashes` says which.
    """

    def __init__(self, scheme: PasswordScheme, rounds: int) -> None:
        # bcrypt alone reads 72 bytes; bcrypt_sha256 takes a password of any length.
        default = "argon2" if scheme is PasswordScheme.ARGON2ID else "bcrypt_sha256"
        schemes = ["argon2", "bcrypt_sha256", "bcrypt", "pbkdf2_sha256", "pbkdf2_sha512"]
        costs = {"bcrypt_sha256__rounds": rounds, "bcrypt__rounds": rounds, **_ARGON2ID}
        outdated = [name for name in schemes if name != default]
        self._context = CryptContext(schemes, default=default, deprecated=outdated, **costs)
        self._decoy: str | None = None

    def hash(self, password: str) -> str:
        return str(self._context.hash(normal_password(password)))

    def verify(self, password: str, password_hash: str | None, *, may_replace: bool = True) -> Verification:
        """Without a hash that can be verified, it computes as many hashes as for a wrong password. Without
        `may_replace` there is no replacement, which would take as long as another hash."""
        normal = normal_password(password)
        comparable = self._comparable(password_hash)
        kind, seconds = kind_of(comparable), []
        # The hash may be older than the rule that passwords are normalized, or imported.
        for form in dict.fromkeys([normal, password]):
            began = time.perf_counter()
            matches = self._matches(form, comparable)
            seconds.append(time.perf_counter() - began)
            if matches and comparable == password_hash:
                is_outdated = may_replace and (form != normal or self._context.needs_update(comparable))
                return Verification(True, self.hash(normal) if is_outdated else None, kind, seconds)
        return Verification(False, None, kind, seconds)

    def _comparable(self, password_hash: str | None) -> str:
        """The hash, or one that nobody has if there is none or it is of no known scheme."""
        if password_hash is not None and self._context.identify(password_hash) is not None:
            return password_hash
        return self._decoy_hash()

    def _decoy_hash(self) -> str:
        if self._decoy is None:
            self._decoy = self.hash("decoy")
        return self._decoy

    def _matches(self, password: str, password_hash: str) -> bool:
        # The library raises on more than 72 bytes for plain bcrypt, and no imported hash was made of so many. A part of
        # the password takes as long to compare.
        part = password
        if len(password.encode()) > _BCRYPT_BYTES and self._context.identify(password_hash) == "bcrypt":
            part = "too long"
        try:
            return bool(self._context.verify(part, password_hash)) and part == password
        except ValueError:
            # A hash that only looks like one of its scheme matches nothing. It shall take time all the same.
            self._context.verify(part, self._decoy_hash())
            return False


def kind_of(password_hash: str) -> str | None:
    """The scheme and the cost of a hash, which decide how long it takes; None if it is no hash."""
    match = _KIND.match(password_hash)
    return match[0] if match else None
