"""Declaring roles, services and clients."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from identity_service.realm.places import FaultyFile
from identity_service.realm.secret_variables import secret_in
from identity_service.realm.service import Outcome
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.service.variables import Variables

EXAMPLE = (Path(__file__).parents[2] / "examples" / "realm.yml").read_text()
NOTES_SECRET = "a-secret-of-the-notes-service"
EVERYTHING = """
    SELECT count(*) FROM identity.audit_entries UNION ALL
    SELECT count(*) FROM identity.recent_events
"""


async def apply(identity: Identity, text: str, *, rehearse: bool = False, **environment: str) -> Outcome:
    """Apply the file, or rehearse that, with these variables in the environment."""
    variables = Variables({"NOTES_CLIENT_SECRET": NOTES_SECRET, **environment}, None, None)
    do = identity.parts.realm.rehearse if rehearse else identity.parts.realm.apply
    return await do(dedent(text).encode(), lambda name: secret_in(variables, name), BY_COMMAND_LINE)


async def faults_of(identity: Identity, text: str, **environment: str) -> list[str]:
    """What the file is refused for, line by line."""
    with pytest.raises(FaultyFile) as refusal:
        await apply(identity, text, rehearse=False, **environment)
    return refusal.value.advice.splitlines()


def changes_of(outcome: Outcome) -> Mapping[str, Mapping[str, tuple[Any, Any]]]:
    """The members that differ, before and after, by the kind and the name of what they belong to."""
    return {
        f"{one.kind} {one.name}": {member.member: (member.before, member.after) for member in one.members}
        for one in outcome.differences
    }


async def recorded(databases: Databases) -> list[int]:
    """How many audit rows and how many events there are."""
    return [row["count"] for row in await databases.fetch("identity_owner", EVERYTHING)]
