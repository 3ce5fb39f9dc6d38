"""python -m identity_service, each command as a process of its own."""

import asyncio
import os
from dataclasses import dataclass
from functools import partial

from tests.support.commands import commands_of
from tests.support.databases import DATABASE, Databases
from tests.support.services import IDENTITY_URL, KEY_ENCRYPTION_KEY, POSTS_SECRET, POSTS_URL

PATIENCE_SECONDS = 60
OWN_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_")}


@dataclass(frozen=True)
class Outcome:
    status: int
    output: str
    error: str


async def run(environment: dict[str, str], *arguments: str, stdin: str = "") -> Outcome:
    command = partial(commands_of("identity").run, stdin=stdin, seconds=PATIENCE_SECONDS)
    ended = await asyncio.to_thread(command, arguments, {**OWN_ENVIRONMENT, **environment})
    return Outcome(ended.returncode, ended.stdout, ended.stderr)


def environment_of(databases: Databases, database: str = DATABASE) -> dict[str, str]:
    return {
        "IDENTITY_DATABASE_URL": databases.url("identity_app").replace(f"/{DATABASE}", f"/{database}"),
        "IDENTITY_MIGRATION_DATABASE_URL": databases.url("identity_owner").replace(f"/{DATABASE}", f"/{database}"),
        "IDENTITY_ISSUER": IDENTITY_URL,
        "IDENTITY_KEY_ENCRYPTION_KEY": KEY_ENCRYPTION_KEY,
        "IDENTITY_POSTS_AUDIENCE": POSTS_URL,
        "IDENTITY_POSTS_CLIENT_SECRET": POSTS_SECRET,
        "IDENTITY_BCRYPT_ROUNDS": "4",
        "IDENTITY_EMAIL_VERIFICATION": "optional",
    }
