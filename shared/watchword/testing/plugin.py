"""The pytest fixture `issuer`. Put `pytest_plugins = ["watchword.testing.plugin"]` into the top conftest.py."""

import pytest

from watchword.testing.issuer import Issuer


@pytest.fixture
def issuer() -> Issuer:
    """An issuer whose tokens `issuer.verifier()` accepts."""
    return Issuer()
