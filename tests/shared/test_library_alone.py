"""The library in a project of its own: what it imports, what it exports, and whether it is typed."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("auth", "events", "http", "http_client", "observability", "pages", "testing")

# Each of these is in an extra, or in none.
NOT_FOR_GUARDS = {
    "alembic",
    "asyncpg",
    "jose",
    "prometheus_client",
    "pydantic_settings",
    "pytest",
    "sqlalchemy",
    "uvicorn",
}

APP = """
from typing import Annotated

from fastapi import Depends, FastAPI
from watchword.auth import Principal, Verifier, optional, protect, requires, signed_in

app = FastAPI()
protect(app, Verifier.of("http://localhost:8001", audience="http://localhost:8003"))
Admin = Annotated[Principal, Depends(requires("notes:admin", role="admin"))]


@app.get("/notes")
async def read_notes(reader: Annotated[Principal, Depends(requires("notes:read"))]) -> dict[str, str]:
    reveal_type(reader.issued_at)
    return {"notes_of": reader.subject}


@app.get("/card", dependencies=[Depends(signed_in)])
async def read_card(reader: Annotated[Principal | None, Depends(optional)], admin: Admin) -> str:
    return reader.subject if reader is not None else str(admin.person_id())
"""


def imported_by(statement: str) -> set[str]:
    """The top-level packages that a fresh process has imported after this statement."""
    script = f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "package", ["auth", "events", "http", "http_client", "observability", "pages", "testing.code_flow"]
)
def test_guarding_a_route_imports_nothing_of_the_extras(package: str) -> None:
    assert imported_by(f"import watchword.{package}") & NOT_FOR_GUARDS == set()


@pytest.mark.parametrize(
    "extra", ["sqlalchemy", "asyncpg", "jose", "uvicorn", "prometheus_client", "opentelemetry.sdk"]
)
def test_guarding_a_route_works_without_the_extras(extra: str) -> None:
    assert "watchword" in imported_by(f"import sys\nsys.modules[{extra!r}] = None\nimport watchword.auth")


def test_tables_of_a_receiver_say_which_extra_they_need() -> None:
    without = "import sys\nsys.modules['sqlalchemy'] = None\nimport watchword.events\n"
    imported_by(without + "watchword.events.receive_security_events")
    script = without + "from watchword.events import ReceiverTables"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "ImportError: ReceiverTables needs the extra: pip install 'watchword[events]'" in ended.stderr


def test_plugin_imports_next_to_nothing_when_pytest_loads_it() -> None:
    """pytest loads it in every project of an environment in which the library is installed."""
    heavy = NOT_FOR_GUARDS - {"pytest"} | {"cryptography", "fastapi", "httpx", "opentelemetry", "orjson", "pydantic"}
    assert imported_by("import watchword.testing.plugin") & heavy == set()


def test_plugin_imports_next_to_nothing_in_a_project_that_does_not_use_it(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n\ndef test_it():\n    assert {'fastapi', 'cryptography'} & sys.modules.keys() == set()\n"
    )
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    ended = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_exists(package: str) -> None:
    module = importlib.import_module(f"watchword.{package}")
    assert module.__all__ == sorted(module.__all__, key=lambda name: (not name[0].isupper(), name))
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_a_name_that_testing_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        importlib.import_module("watchword.testing").Nonsense  # noqa: B018


def test_an_app_with_guards_is_clean_under_strict_mypy(tmp_path: Path) -> None:
    (tmp_path / "notes.py").write_text(APP)
    cache = ROOT / ".mypy_cache" / "another_project"
    run = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "notes.py"]
    ended = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert 'Revealed type is "datetime.datetime"' in ended.stdout, "mypy knows no types of the library"
