"""A tally counts its outcomes and no others."""

import pytest

from watchword.tally import Tally


def test_every_outcome_starts_at_zero_and_is_counted_by_itself() -> None:
    tally = Tally("accepted", "rejected")
    tally["accepted"] += 1
    tally["accepted"] += 1
    assert tally == {"accepted": 2, "rejected": 0}


def test_outcome_that_was_not_declared_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="acepted"):
        Tally("accepted")["acepted"] += 1
