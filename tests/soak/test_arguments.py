"""The arguments of `make soak`."""

import pytest

from tests.soak.__main__ import parse


@pytest.mark.parametrize(
    ("arguments", "parsed"),
    [
        ("", ("connections", 600.0, False)),
        ("60", ("connections", 60.0, False)),
        ("connections 0", ("connections", 0.0, False)),
        ("memory", ("memory", 3_600.0, False)),
        ("--write memory 90", ("memory", 90.0, True)),
    ],
)
def test_arguments_name_a_part_and_its_seconds(arguments: str, parsed: tuple[str, float, bool]) -> None:
    assert parse(arguments.split()) == parsed


@pytest.mark.parametrize("arguments", ["memroy", "memory 60 70", "60 70", "connections --write", "--write"])
def test_arguments_that_mean_nothing_are_refused(arguments: str) -> None:
    with pytest.raises(SystemExit):
        parse(arguments.split())
