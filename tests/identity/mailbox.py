"""The letters of a service that writes them to a folder, and the links in them."""

import email
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.support.databases import Databases
from tests.support.waiting import until

TOKEN = re.compile(r"/([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")


def letters(folder: Path, to: str, subject: str = "") -> list[EmailMessage]:
    """The letters to this address whose subject has these words, the oldest first."""
    files = sorted(folder.rglob("*.eml"))
    parsed = [email.message_from_bytes(path.read_bytes(), policy=default) for path in files]
    return [letter for letter in parsed if letter["to"] == to and subject in letter["subject"]]


async def token_in_letter(folder: Path, to: str, path: str, number: int = 1) -> str:
    """The token of the last link to this page in the letters to this address, once there are so many."""
    await until(lambda: len(_tokens(folder, to, path)) >= number)
    return _tokens(folder, to, path)[-1]


async def all_sent(databases: Databases) -> None:
    """Return once no letter's job is left."""
    jobs = "SELECT FROM identity.jobs WHERE kind = 'letter'"

    async def are_done() -> bool:
        return await databases.fetch("identity_app", jobs) == []

    await until(are_done)


async def tables_with(databases: Databases, word: str) -> list[str]:
    """The tables of identity that have this word anywhere in their text."""
    tables = await databases.fetch("identity_owner", "SELECT tablename FROM pg_tables WHERE schemaname = 'identity'")
    texts = {
        row["tablename"]: await databases.fetch("identity_owner", f"SELECT t::text FROM identity.{row['tablename']} t")  # noqa: S608
        for row in tables
    }
    return [table for table, rows in texts.items() if any(word in row["t"] for row in rows)]


def _tokens(folder: Path, to: str, path: str) -> list[str]:
    texts = [_text(letter) for letter in letters(folder, to)]
    return [match[1] for text in texts for match in re.finditer(re.escape(path) + TOKEN.pattern, text)]


def _text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return body.get_content() if body is not None else ""
