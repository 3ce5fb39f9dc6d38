"""The README is true: its commands can be pasted, and its programs run."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from docs.settings_table import with_tables
from tests.support.stack import Stack
from tests.system.conftest import NewPerson
from tests.system.examples import ROOT, blocks, free_url, new_service, paste, served

README = (ROOT / "README.md").read_text()
LIBRARY = (ROOT / "shared" / "README.md").read_text()
SECTION = "Protect a route of your own"
WALK_THROUGH = "".join(blocks(README, "A walk-through", "bash"))
# The shell functions that the later sections use as well.
FUNCTIONS = "".join(re.findall(r"^(?:member|expect)\(\) .*\n", WALK_THROUGH, re.MULTILINE))


def here(text: str, running: Stack, own: str = "") -> str:
    """The text with the ports of this test in it."""
    text = text.replace("http://localhost:8001", running.identity).replace("http://localhost:8002", running.posts)
    return text.replace("http://localhost:8003", own) if own else text


def test_the_walk_through_can_be_pasted_line_by_line(running: Stack) -> None:
    ada_at_posts = f'-H "Authorization: Bearer $ADA" "{running.posts}/posts?state=draft"'
    printed = paste(here(WALK_THROUGH, running), running, pause_until_refused=ada_at_posts)
    assert '"username":"ada"' in printed


@pytest.fixture
def own() -> Iterator[str]:
    """The URL of the service in the README."""
    with free_url() as url:
        yield url


async def test_the_service_in_the_readme_guards_its_route(
    own: str, running: Stack, http: httpx.AsyncClient, person: NewPerson, tmp_path: Path
) -> None:
    (source,) = blocks(README, SECTION, "python")
    assert len([line for line in source.splitlines() if line.strip()]) <= 10
    (tmp_path / "notes.py").write_text(here(source, running, own))
    new_service(running, own, "notes:read")
    with served("notes:app", own, tmp_path, running, tmp_path / "log"):
        ada = await person("ada", own)
        me = await http.get(f"{running.identity}/users/me", headers=ada.identity_headers)
        assert (await http.get(f"{own}/notes", headers=ada.headers)).json() == {"notes_of": me.json()["id"]}
        assert (await http.get(f"{own}/notes")).status_code == 401
        account = {"username": "eve", "email": "eve@example.com", "password": "staple trombone violin"}
        assert (await http.post(f"{running.identity}/users", json=account)).status_code in (201, 409)
        printed = paste(here(FUNCTIONS + "".join(blocks(README, SECTION, "bash")), running, own), running)
        assert '{"notes_of":"' in printed


def test_both_readmes_show_the_same_service() -> None:
    assert blocks(LIBRARY, "Guard a route", "python") == blocks(README, SECTION, "python")


def test_the_wiring_in_the_readme_is_that_of_the_example() -> None:
    (wiring,) = blocks(README, "A service of your own, with everything", "python")
    assert wiring in (ROOT / "examples" / "task_manager.py").read_text()


def test_the_tables_of_settings_are_those_of_the_classes() -> None:
    assert with_tables(README) == README, "run: make docs"
