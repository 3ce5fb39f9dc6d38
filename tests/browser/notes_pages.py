"""The page of the examples on which people sign in, beside the running stack."""

import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.stack import Stack
from tests.system.examples import free_url, paste, registration, served


@contextmanager
def served_notes(
    running: Stack, app: str, folder: Path, log: Path, names: Callable[[str], str] = lambda text: text
) -> Iterator[str]:
    """Register and run `module:name`, whose file is in `folder`. Its origin, which is another site than that of
    identity and posts. `names` gives the commands that register it the names that it has."""
    with free_url() as url:
        origin = url.replace("localhost", "notes.localhost")
        commands = names(registration("A page that people sign in on"))
        commands = commands.replace("http://notes.localhost:8007", origin)
        printed = paste(commands.replace("http://localhost:8001", running.identity), running)
        variables = {
            "NOTES_ISSUER": running.identity,
            "NOTES_ORIGIN": origin,
            "NOTES_CLIENT_SECRET": printed.split("Secret, shown only now: ")[1].split()[0],
            "NOTES_SEALING_KEY": b64encode(secrets.token_bytes(32)).decode(),
        }
        with served(app, url, folder, running, log, **variables):
            yield origin
