"""The extra `testing`: the tests of another service mint real tokens."""

import pytest

from tests.wheel.conftest import NewEnvironment
from tests.wheel.environments import Environment
from tests.wheel.readme import program


@pytest.fixture(scope="module")
def environment(environment_with: NewEnvironment) -> Environment:
    environment = environment_with("testing")
    environment.write("notes.py", program("Guard a route"))
    environment.write("test_notes.py", program("Test"))
    return environment


def test_the_tests_of_the_readme_pass_without_any_setup(environment: Environment) -> None:
    assert "1 passed" in environment.run("-m", "pytest", "-q", "-W", "error", "test_notes.py")


def test_they_fail_if_the_guard_is_taken_away(environment: Environment) -> None:
    unguarded = program("Guard a route").replace('requires("notes:read")', 'requires("other")')
    environment.write("unguarded/notes.py", unguarded)
    environment.write("unguarded/test_notes.py", program("Test"))
    with pytest.raises(AssertionError, match="1 failed"):
        environment.run("-m", "pytest", "-q", "unguarded/test_notes.py")


def test_they_are_clean_in_strict_mode(environment: Environment) -> None:
    assert environment.check_types("notes.py", "test_notes.py") == "Success: no issues found in 2 source files\n"
