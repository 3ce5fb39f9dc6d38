"""Importing accounts."""

import io
import json
from collections.abc import Sequence
from typing import Any

from identity_service.accounts.importing import ImportCounts, LineReport
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.support.services import Identity


def line(username: str, **members: Any) -> str:
    """The line of an account."""
    return json.dumps({"username": username, "email": f"{username}@example.com", **members})


async def import_lines(
    identity: Identity, lines: Sequence[str], *, end: str = "\n", rehearse: bool = False
) -> tuple[ImportCounts, list[LineReport]]:
    """Import these lines; what is counted, and what is said of those that are not imported."""
    reports: list[LineReport] = []
    file = io.BytesIO("".join(f"{text}{end}" for text in lines).encode())
    return await identity.parts.imports.run(file, reports.append, BY_COMMAND_LINE, rehearse=rehearse), reports
