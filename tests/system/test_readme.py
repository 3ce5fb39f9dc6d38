"""The README is true: its commands can be pasted, and its programs run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.settings_table import with_tables
from tests.support.stack import Stack, stack
from tests.system.conftest import SETTINGS
from tests.system.examples import ROOT, blocks, free_url, paste, served

README = (ROOT / "README.md").read_text()
LIBRARY = (ROOT / "shared" / "README.md").read_text()
SECTION = "Protect a route of your own"
RUN_IT, WALK_THROUGH, NOTES, CONTENT, ADMINISTRATION = (
    "".join(blocks(README, section, "bash"))
    for section in ("Run it", "A walk-through", SECTION, "What posts can do", "What administrators can do")
)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack in which nobody has done anything yet."""
    with stack(tmp_path_factory.mktemp("fresh"), **SETTINGS) as running:
        yield running


@pytest.fixture
def own(fresh: Stack, tmp_path: Path) -> Iterator[str]:
    """The URL of the service in the README, which runs."""
    (source,) = blocks(README, SECTION, "python")
    with free_url() as url:
        (tmp_path / "notes.py").write_text(here(source, fresh, url))
        with served("notes:app", url, tmp_path, fresh, tmp_path / "log"):
            yield url


def here(text: str, running: Stack, own: str) -> str:
    """The text with the ports of this test in it."""
    text = text.replace("http://localhost:8001", running.identity).replace("http://localhost:8002", running.posts)
    return text.replace("http://localhost:8003", own)


def follow(fresh: Stack, own: str, *sections: str, errors_to: str = "2") -> str:
    """What the commands of these sections print, pasted into one shell in this order."""
    ada_at_posts = f'-H "Authorization: Bearer $ADA" "{fresh.posts}/posts?state=draft"'
    commands = "\n".join(here(section, fresh, own) for section in sections)
    return paste(commands, fresh, pause_until_refused=ada_at_posts, errors_to=errors_to)


def ensure_content_is_shown(printed: str) -> None:
    """What the section about posts shows: the post, the hit of a search, the queue, the placeholder and the record."""
    for part in (
        "<p>A loom <em>weaves</em> what its cards say.</p>",
        '"headline":"A loom *<mark>weaves</mark>*',
        '"tags":["looms","punched-cards"]',
        '"beginning":"Buy my cards!"',
        '"is_removed":true',
        '"action":"publish"',
    ):
        assert part in printed, f"{part} is not in {printed}"
    assert '{"type":"end"}\n' in printed


def ensure_administration_is_shown(printed: str) -> None:
    """What the section about administrators shows: who has obeyed, and the entry of the audit log."""
    assert '"obeyed":[{"service":"posts"' in printed
    assert '"action":"role.created","subject":"gardener"' in printed


def test_the_readme_can_be_followed_in_its_order_and_once_more(fresh: Stack, own: str) -> None:
    printed = follow(fresh, own, RUN_IT, WALK_THROUGH, NOTES, CONTENT, ADMINISTRATION)
    assert "Accounts: katherine" in printed
    assert printed.index("Accounts: katherine") < printed.index('"username":"ada"') < printed.index('{"notes_of":"')
    ensure_content_is_shown(printed.partition('{"notes_of":"')[2])
    ensure_administration_is_shown(printed)
    printed = follow(fresh, own, RUN_IT, WALK_THROUGH, NOTES, CONTENT, ADMINISTRATION, errors_to="1")
    ensure_administration_is_shown(printed)
    assert '"code":"username_taken"' in printed
    assert "already; services change changes it" in printed
    assert '{"notes_of":"' in printed


def test_the_demo_can_follow_the_walk_through(fresh: Stack, own: str) -> None:
    printed = follow(fresh, own, WALK_THROUGH, NOTES, RUN_IT)
    assert printed.index('{"notes_of":"') < printed.index("Accounts: katherine")
    assert "200/200 posts" in printed


def test_the_service_in_the_readme_is_short() -> None:
    (source,) = blocks(README, SECTION, "python")
    assert len([line for line in source.splitlines() if line.strip()]) <= 10


def test_both_readmes_show_the_same_service() -> None:
    assert blocks(LIBRARY, "Guard a route", "python") == blocks(README, SECTION, "python")


def test_the_wiring_in_the_readme_is_that_of_the_example() -> None:
    (wiring,) = blocks(README, "A service of your own, with everything", "python")
    assert wiring in (ROOT / "examples" / "task_manager.py").read_text()


def test_the_tables_of_settings_are_those_of_the_classes() -> None:
    assert with_tables(README) == README, "run: make docs"
