"""The letters of a service that writes them to a folder, and the links in them."""

import email
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.support.waiting import until

TOKEN = re.compile(r"/([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")


def letters(folder: Path, to: str, subject: str = "") -> list[EmailMessage]:
    """The letters to this address whose subject has these words, in no order."""
    parsed = [email.message_from_bytes(path.read_bytes(), policy=default) for path in folder.rglob("*.eml")]
    return [letter for letter in parsed if letter["to"] == to and subject in letter["subject"]]


async def token_in_letter(folder: Path, to: str, path: str) -> str:
    """The token of the last link to this page in a letter to this address; waits for the letter."""
    await until(lambda: bool(_tokens(folder, to, path)))
    return _tokens(folder, to, path)[-1]


def _tokens(folder: Path, to: str, path: str) -> list[str]:
    texts = [_text(letter) for letter in letters(folder, to)]
    return [match[1] for text in texts for match in re.finditer(re.escape(path) + TOKEN.pattern, text)]


def _text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return body.get_content() if body is not None else ""
