"""The oldest dependencies that the library allows: its own tests pass on them."""

import email
import re
import tempfile
import zipfile
from pathlib import Path

import pytest

from tests.wheel.environments import ROOT, Environment, succeed, uv

# What the tests need beside the library and the services.
TOOLS = ("hypothesis", "jsonschema", "pytest-asyncio", "pytest-xdist", "websockets")

# Left out: what tests the services' migrations, the proxy of the tests, which uses no dependency, and what takes long
# without using a dependency in another way.
LEFT_OUT = (
    "test_cuts.py",
    "test_migrations*",
    "test_database_ending.py",
    "test_receiver_processes.py",
    "test_receiver_refused.py",
    "test_receiver_troubles.py",
    "test_testing.py",
    "test_verifier_fuzz.py",
)


@pytest.fixture(scope="module")
def environment(wheel: Path, index: None, outside: Path) -> Environment:
    """The wheel with all its extras, each direct dependency as old as it may be, and then what the tests need."""
    environment = Environment(Path(tempfile.mkdtemp(dir=outside)))
    pins, project = str(environment.folder / "pins.txt"), str(ROOT / "shared" / "pyproject.toml")
    oldest = ("--resolution", "lowest-direct", "--only-binary", ":all:", "--python", str(environment.python))
    succeed(uv("pip", "compile", *oldest, "--all-extras", "--output-file", pins, project))
    environment.install("--constraint", pins, f"watchword[events,service,testing] @ {wheel.as_uri()}")
    services = str(ROOT / "requirements" / "local.in")
    environment.install("--constraint", pins, "--requirements", services, *TOOLS)
    return environment


def declared_bounds(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(path))
    matches = (re.match(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)", text) for text in metadata.get_all("Requires-Dist") or [])
    return {match[1]: match[2] for match in matches if match}


def test_the_oldest_versions_are_installed(environment: Environment, wheel: Path) -> None:
    versions, bounds = environment.packages(), declared_bounds(wheel)
    # A version without a binary for this Python is passed over for the next; those of pure Python always have one.
    for name in ("fastapi", "starlette", "httpx", "uvicorn", "alembic", "pydantic-settings", "pytest"):
        assert parts(versions[name])[:2] == parts(bounds[name])[:2], name


def test_the_library_s_tests_pass_on_the_oldest_versions(environment: Environment) -> None:
    where = environment.run("-c", "import watchword; print(watchword.__file__)", folder=ROOT)
    assert not Path(where.strip()).is_relative_to(ROOT)
    options = [f"--ignore-glob=tests/shared/{name}" for name in LEFT_OUT]
    # mypy is no dependency of the library; `check_types` runs it on the programs of the other environments.
    options.append("--deselect=tests/shared/test_library_alone.py::test_an_app_with_guards_is_clean_under_strict_mypy")
    # The oldest FastAPI has no limit for the body of one route.
    options.append(
        "--deselect=tests/shared/test_hot_unplanned.py::test_a_body_with_a_limit_of_its_own_is_left_to_fastapi"
    )
    two_processes = "-n", "2", "--maxfail=5", "-p", "no:cacheprovider"
    report = environment.run("-m", "pytest", "-q", *two_processes, "tests/shared", *options, folder=ROOT)
    passed = re.search(r"(\d+) passed", report)
    assert passed, report
    assert int(passed[1]) > 500


def parts(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
