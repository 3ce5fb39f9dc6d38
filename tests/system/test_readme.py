"""The README is true: what it says to paste can be pasted, and what it shows runs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy.local.processes import any_free_port, end_children, start_child
from docs.settings_table import with_tables
from tests.support.stack import Stack, await_answer
from tests.system.conftest import NewPerson

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(section: str, language: str) -> list[str]:
    text = README.split(f"## {section}")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def here(text: str, running: Stack, own: str = "") -> str:
    """The same text with the ports of this test."""
    text = text.replace("http://localhost:8001", running.identity).replace("http://localhost:8002", running.posts)
    return text.replace("http://localhost:8003", own) if own else text


def test_the_walk_through_can_be_pasted_line_by_line(running: Stack) -> None:
    pasted = here("".join(blocks("A walk-through", "bash")), running)
    done = subprocess.run(["bash"], input=pasted, capture_output=True, text=True, timeout=120, check=False)
    outcomes = re.findall(r"^(\d{3}), expected (\d{3})$", done.stdout, re.MULTILINE)
    assert len(outcomes) == pasted.count("\nexpect ")
    assert all(got == expected for got, expected in outcomes), done.stdout
    assert done.stderr == ""
    assert '"username":"ada"' in done.stdout


async def test_the_service_shown_in_the_readme_obeys_tokens(
    running: Stack, http: httpx.AsyncClient, person: NewPerson, tmp_path: Path
) -> None:
    own = f"http://localhost:{any_free_port()}"
    (source,) = blocks("Protect a route of your own", "python")
    assert len([line for line in source.splitlines() if line.strip()]) <= 10
    (tmp_path / "notes.py").write_text(here(source, running, own))
    running.command("identity", "extend-client", "web", "--scope", "notes:read", "--audience", own)
    with served("notes:app", own, tmp_path, running):
        ada = await person("ada")
        me = await http.get(f"{running.identity}/users/me", headers=ada.headers)
        assert (await http.get(f"{own}/notes", headers=ada.headers)).json() == {"notes_of": me.json()["id"]}
        assert (await http.get(f"{own}/notes")).status_code == 401


def test_the_tables_of_settings_are_those_of_the_classes() -> None:
    assert with_tables(README) == README, "run: make docs"


@contextmanager
def served(app: str, url: str, folder: Path, running: Stack) -> Iterator[None]:
    command = [sys.executable, "-m", "uvicorn", app, "--port", url.rpartition(":")[2], "--app-dir", str(folder)]
    child = start_child("notes", command, folder / "log", environment={**running.environment, "PYTHONPATH": str(ROOT)})
    try:
        await_answer(child, f"{url}/openapi.json")
        yield
    finally:
        end_children([child])
