"""What a test needs of the machine beside Python."""

import os

import pytest


def need(there: object, lacking: str) -> None:
    """Without it the test is skipped, with one line that says what is lacking; under CI=true that is an error."""
    if not there:
        assert os.environ.get("CI") != "true", f"CI skips nothing: {lacking}"
        pytest.skip(lacking)
