"""A pytest plugin with the fixture `issuer`. pytest loads it by itself wherever `watchword` is installed."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from watchword.testing.issuer import Issuer


@pytest.fixture
def issuer() -> "Issuer":
    """An issuer whose tokens `issuer.verifier()` accepts."""
    # Here and not above: pytest loads this module in every project, also in those that never use the fixture, and
    # before coverage is measured.
    from watchword.testing.issuer import Issuer

    return Issuer()
