"""A fixture for tests that count what a limit lets through; a file that imports it has it in each test."""

import pytest

from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def exact_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process counts alone because the machine is busy, and refusals leave at once."""
    monkeypatch.setattr("watchword.limits.pace.GAP_SECONDS", 0.0)
    for name in ("limiter.ANSWER_SECONDS", "statements.TIMEOUT_SECONDS"):
        monkeypatch.setattr(f"watchword.limits.{name}", PATIENCE_SECONDS)
