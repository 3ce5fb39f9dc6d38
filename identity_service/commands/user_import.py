"""The command that imports the accounts of another system."""

import sys
from typing import Annotated, Final

import typer

from identity_service.accounts.importing import LineReport
from identity_service.commands.files import opened
from identity_service.commands.users import GROUP as GROUP
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from watchword.lines import one_line
from watchword.service.commands import Answer

_MAX_CHARACTERS: Final = 500


@GROUP.verb("import")
async def import_users(
    parts: Parts,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file of lines of JSON, or - for the standard input.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported, and import nothing.")] = False,
) -> Answer:
    """Import the accounts of another system, one on each line, with their password hashes if they have any. Accounts
    that are there already are skipped, so that the same file can be imported again."""
    with opened(file) as lines:
        counts = await parts.imports.run(lines, _tell, BY_COMMAND_LINE, rehearse=dry_run)
    would = "Would be imported" if dry_run else "Imported"
    text = f"{would}: {counts.imported}. Skipped, since they are there: {counts.skipped}. Refused: {counts.refused}."
    document = {
        "dry_run": dry_run,
        "imported": counts.imported,
        "skipped": counts.skipped,
        "refused": counts.refused,
    }
    return Answer(text, document, status=1 if counts.refused else 0)


def _tell(report: LineReport) -> None:
    """On standard error, one line for each, as they come: of a million nobody keeps a list."""
    outcome = "skipped" if report.is_there else "refused"
    sys.stderr.write(f"{one_line(f'line {report.number} {outcome}: {report.reason}', _MAX_CHARACTERS)}\n")
