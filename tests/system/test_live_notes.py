"""The example `live_notes.py`: its walk-through, and that the README shows what it is."""

from collections.abc import Iterator

import pytest

from tests.support.stack import Stack
from tests.system.examples import EXAMPLES, ROOT, blocks, paste
from tests.system.live_notes import live_notes

SECTION = "A page that is live, until its reader signs out"


@pytest.fixture(scope="module")
def notes(running: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with live_notes(running, tmp_path_factory.mktemp("notes") / "log") as url:
        yield url


def test_the_walk_through_can_be_pasted(notes: str, running: Stack) -> None:
    commands = "".join(blocks((EXAMPLES / "README.md").read_text(), "A live page", "bash"))
    commands = commands.replace("http://localhost:8001", running.identity).replace("http://localhost:8006", notes)
    printed = paste(commands, running)
    note = 'data: {"text":"Buy oil for the engine","author":"lea"}'
    assert printed.index(note) < printed.index("event: signed-out") < printed.rindex("401, expected 401")


def test_the_readme_shows_the_operation_and_the_page_of_the_example() -> None:
    readme = (ROOT / "README.md").read_text()
    (operation,), (page,) = (blocks(readme, SECTION, language) for language in ("python", "html"))
    assert operation in (EXAMPLES / "live_notes.py").read_text()
    assert page == (EXAMPLES / "live_notes.html").read_text()
    assert len(page.splitlines()) <= 20
