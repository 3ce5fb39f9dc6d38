"""One limit, and one use of it."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator

MAX_QUOTA: Final = 1_000_000
MAX_SECONDS: Final = 31 * 86_400
_FORM: Final = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Limit:
    """`quota` uses in `seconds`, by GCRA: all of them at once, and then one more each `cost` seconds."""

    name: str
    quota: int
    seconds: int

    @classmethod
    def parse(cls, name: str, text: str) -> "Limit":
        """Read a text such as 10/900, which is ten in 900 seconds. Raises ValueError."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise ValueError("it must be a number and seconds, such as 10/900 for ten in 15 minutes")
        quota, seconds = int(match[1]), int(match[2])
        if quota > MAX_QUOTA or seconds > MAX_SECONDS:
            raise ValueError(f"it must be at most {MAX_QUOTA} in at most {MAX_SECONDS} seconds")
        return cls(name, quota, seconds)

    @property
    def cost(self) -> float:
        """The seconds that one use costs, in whole microseconds and never more than its part of the whole."""
        return math.floor(self.seconds * 1_000_000 / self.quota) / 1_000_000

    @property
    def policy(self) -> str:
        """The field RateLimit-Policy of the draft draft-ietf-httpapi-ratelimit-headers."""
        return f'"{self.name}";q={self.quota};w={self.seconds}'


def _checked(text: str) -> str:
    Limit.parse("", text)
    return text


Quota = Annotated[str, AfterValidator(_checked)]
"""The type of a setting that is a limit, such as 10/900."""


class Charge(NamedTuple):
    """One use of a limit by a subject, such as an address. The subject is stored as a keyed digest only."""

    limit: Limit
    subject: str
