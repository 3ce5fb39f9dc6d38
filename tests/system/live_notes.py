"""The example `live_notes.py`, registered at identity as its README says, and running."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.stack import Stack
from tests.system.examples import EXAMPLES, free_url, paste, registration, served


@contextmanager
def live_notes(running: Stack, log: Path) -> Iterator[str]:
    """The URL of the example."""
    with free_url() as url:
        register = registration("A live page").replace("http://localhost:8006", url)
        printed = paste(register.replace("http://localhost:8001", running.identity), running)
        variables = {
            "NOTES_ISSUER": running.identity,
            "NOTES_AUDIENCE": url,
            "NOTES_CLIENT_SECRET": printed.split("Secret, shown only now: ")[1].split()[0],
        }
        with served("live_notes:app", url, EXAMPLES, running, log, **variables):
            yield url
