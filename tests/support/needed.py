"""Skip tests that need a program which this machine does not have."""

import os

import pytest


def need(is_available: object, reason: str) -> None:
    """Skip the test with `reason` unless the program is available; with CI=true, fail it."""
    if not is_available:
        assert os.environ.get("CI") != "true", f"CI skips nothing: {reason}"
        pytest.skip(reason)
