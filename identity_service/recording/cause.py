"""Who made a change, and why."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """Who made a change and why: `actor` is a user's id, a client's id or a name, `entity` is CAEP's
    `initiating_entity` (section 2)."""

    actor: str
    entity: str
    why: str


def by_user(user_id: UUID, why: str) -> Cause:
    return Cause(str(user_id), "user", why)


BY_COMMAND_LINE: Final = Cause("command line", "admin", "an administrator's command")
