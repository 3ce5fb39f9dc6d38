"""Password hashes of other systems: which of them can be verified here, in the form that is stored.

They are outdated from the first day: the first sign-in with each replaces it. Until then every refused sign-in waits as
long as the slowest of them takes, and no longer than hash_times.MOST_SECONDS. So what could take longer, also for a
password in two forms of Unicode, is refused.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final

MOST_CHARACTERS: Final = 1_024
MOST_BCRYPT_ROUNDS: Final = 14
MOST_ITERATIONS: Final = 4_000_000
MOST_MEMORY_KIB: Final = 262_144
MOST_MEMORY_PASSES_KIB: Final = 1_048_576
MOST_LANES: Final = 16
MOST_LANE_PASSES: Final = 4_096
"""Each lane of each pass starts threads, which takes longer than what they do with little memory."""

_BCRYPT: Final = re.compile(
    r"\$2[aby]\$(?P<rounds>[0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]"
)
_OWN_BCRYPT: Final = re.compile(
    r"\$bcrypt-sha256\$v=2,t=2b,r=(?P<rounds>[1-9][0-9]?)\$[./A-Za-z0-9]{21}[.Oeu]\$[./A-Za-z0-9]{30}[.CGKOSWaeimquy26]"
)
_ARGON2: Final = re.compile(
    r"\$argon2(?:id|i|d)(?:\$v=(?:16|19))?"
    r"\$m=(?P<memory>[1-9][0-9]{0,9}),t=(?P<passes>[1-9][0-9]{0,9}),p=(?P<lanes>[1-9][0-9]{0,7})"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})\$(?P<hash>[A-Za-z0-9+/]{22,86})"
)
_PBKDF2: Final = re.compile(
    r"\$pbkdf2-(?P<digest>sha256|sha512)\$(?P<iterations>[1-9][0-9]{0,9})\$(?P<salt>[A-Za-z0-9./]{0,344})"
    r"\$(?P<hash>[A-Za-z0-9./]+)"
)
_DJANGO: Final = re.compile(
    r"pbkdf2_sha256\$(?P<iterations>[1-9][0-9]{0,9})\$(?P<salt>[^$]{1,128})\$(?P<hash>[A-Za-z0-9+/]{43}=)"
)
_BYTES: Final = {"sha256": 32, "sha512": 64}


def storable(password_hash: str) -> str:
    """The hash as it is stored. Raises ValueError, which says why it cannot be verified here."""
    if len(password_hash) > MOST_CHARACTERS:
        raise ValueError(f"it has more than {MOST_CHARACTERS} characters")
    for pattern, judge in _JUDGES:
        if (match := pattern.fullmatch(password_hash)) is not None:
            return judge(match)
    raise ValueError(
        "it is no hash of bcrypt ($2a$, $2b$, $2y$), argon2, PBKDF2 ($pbkdf2-sha256$, $pbkdf2-sha512$) or Django"
        " (pbkdf2_sha256$)"
    )


def _bcrypt(match: re.Match[str]) -> str:
    rounds = int(match["rounds"])
    if not 4 <= rounds <= MOST_BCRYPT_ROUNDS:
        raise ValueError(f"bcrypt has 4 to {MOST_BCRYPT_ROUNDS} rounds here")
    return match[0]


def _argon2(match: re.Match[str]) -> str:
    memory, passes, lanes = int(match["memory"]), int(match["passes"]), int(match["lanes"])
    if memory > MOST_MEMORY_KIB or memory * passes > MOST_MEMORY_PASSES_KIB or lanes > MOST_LANES:
        raise ValueError(
            f"argon2 has at most {MOST_MEMORY_KIB} KiB here, {MOST_MEMORY_PASSES_KIB} KiB in all passes together, and"
            f" {MOST_LANES} lanes"
        )
    if lanes > 1 and lanes * passes > MOST_LANE_PASSES:
        raise ValueError(f"argon2 has at most {MOST_LANE_PASSES} lanes in all passes together here")
    if memory < 8 * lanes:
        raise ValueError("argon2 needs 8 KiB for each lane")
    for part in (match["salt"], match["hash"]):
        if base64.b64encode(_decoded(part)).decode().rstrip("=") != part:
            raise ValueError("the base64 of its salt or its hash ends with bits that are no part of it")
    return match[0]


def _pbkdf2(match: re.Match[str]) -> str:
    _ensure_few_iterations(match)
    _decoded(match["salt"].replace(".", "+"))
    if len(_decoded(match["hash"].replace(".", "+"))) != _BYTES[match["digest"]]:
        raise ValueError(f"the hash of PBKDF2 with {match['digest']} has {_BYTES[match['digest']]} bytes")
    return match[0]


def _django(match: re.Match[str]) -> str:
    """In the form of passlib, whose salt is in base64: every stored hash names its scheme and its cost alike."""
    _ensure_few_iterations(match)
    salt, digest = _adapted(match["salt"].encode()), _adapted(_decoded(match["hash"].rstrip("=")))
    return f"$pbkdf2-sha256${match['iterations']}${salt}${digest}"


def _ensure_few_iterations(match: re.Match[str]) -> None:
    if int(match["iterations"]) > MOST_ITERATIONS:
        raise ValueError(f"PBKDF2 has at most {MOST_ITERATIONS} iterations here")


def _decoded(text: str) -> bytes:
    """What the base64 without padding stands for."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError("its salt or its hash is not base64") from None


def _adapted(content: bytes) -> str:
    return base64.b64encode(content).decode().rstrip("=").replace("+", ".")


_JUDGES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (_BCRYPT, _bcrypt),
    (_OWN_BCRYPT, _bcrypt),
    (_ARGON2, _argon2),
    (_PBKDF2, _pbkdf2),
    (_DJANGO, _django),
)
