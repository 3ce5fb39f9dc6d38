"""python -m identity_service users import."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from passlib.hash import bcrypt

from identity_service.accounts.importing import PORTION
from tests.identity.command_line import OWN_ENVIRONMENT, environment_of, run
from tests.identity.importing import line
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from tests.support.waiting import until


@pytest.fixture
def environment(identity: Identity, databases: Databases) -> dict[str, str]:
    return environment_of(databases)


async def test_accounts_are_imported_from_a_file_once(
    environment: dict[str, str], identity: Identity, tmp_path: Path
) -> None:
    file = tmp_path / "users.ndjson"
    lines = [line("ada", password_hash=bcrypt.using(rounds=4).hash(PASSWORD)), line("eve", king=True), line("zoe")]
    file.write_text("\n".join(lines))
    fault = (
        "line 2 refused: king: there is no such member; there are username, email, full_name, email_verified, active,"
        " roles, password_hash, created_at\n"
    )
    rehearsed = await run(environment, "users", "import", str(file), "--dry-run")
    assert rehearsed.output == "Would be imported: 2. Skipped, since they are there: 0. Refused: 1.\n"
    assert (rehearsed.status, rehearsed.error) == (1, fault)
    imported = await run(environment, "users", "import", str(file))
    assert imported.output == "Imported: 2. Skipped, since they are there: 0. Refused: 1.\n"
    assert (imported.status, imported.error) == (1, fault)
    await identity.sign_in("ada")
    file.write_text("\n".join([lines[0], lines[2]]))
    again = await run(environment, "users", "import", str(file))
    assert again.output == "Imported: 0. Skipped, since they are there: 2. Refused: 0.\n"
    assert again.status == 0
    assert again.error == "line 1 skipped: ada: its name is taken\nline 2 skipped: zoe: its name is taken\n"


async def test_answer_is_one_document(environment: dict[str, str]) -> None:
    outcome = await run(environment, "users", "import", "-", "--json", stdin=line("ada") + "\r\n" + line("eve"))
    assert (outcome.status, outcome.error) == (0, "")
    assert json.loads(outcome.output) == {"dry_run": False, "imported": 2, "skipped": 0, "refused": 0}


async def test_process_that_is_killed_has_imported_whole_portions_and_the_next_one_does_the_rest(
    environment: dict[str, str], databases: Databases
) -> None:
    lines = [f"{line(f'user{number}')}\n" for number in range(2 * PORTION)]
    command = [sys.executable, "-m", "identity_service", "users", "import", "-"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, env={**OWN_ENVIRONMENT, **environment})
    assert process.stdin is not None
    process.stdin.write("".join(lines[: PORTION * 3 // 2]).encode())
    await process.stdin.drain()

    async def has_a_portion() -> bool:
        return await accounts(databases) == PORTION

    await until(has_a_portion)
    process.kill()
    await process.wait()
    assert await accounts(databases) == PORTION
    outcome = await run(environment, "users", "import", "-", stdin="".join(lines))
    assert outcome.output == f"Imported: {PORTION}. Skipped, since they are there: {PORTION}. Refused: 0.\n"


async def accounts(databases: Databases) -> int:
    return int((await databases.fetch("identity_app", "SELECT count(*) FROM identity.users"))[0]["count"])


async def test_file_that_cannot_be_read_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    outcome = await run(environment, "users", "import", str(tmp_path))
    assert (outcome.status, outcome.output, outcome.error) == (1, "", f"{tmp_path} cannot be read: Is a directory\n")
