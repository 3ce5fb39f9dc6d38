"""For the tests of any service that obeys Watchword's tokens: an issuer with keys of its own, and a clock that stands.

No network, and nothing of the guards is replaced: tokens are real, and really verified.
"""

from watchword.testing.clock import StandingClock
from watchword.testing.issuer import Issuer

__all__ = ["Issuer", "StandingClock"]
