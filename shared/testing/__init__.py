"""For the tests of any service that obeys Postern's tokens: an issuer with keys of its own, and a clock that stands.

No network, and nothing of the guards is replaced: tokens are real, and really verified.
"""

from shared.testing.clock import StandingClock
from shared.testing.issuer import Issuer

__all__ = ["Issuer", "StandingClock"]
