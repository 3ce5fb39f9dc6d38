"""For the tests of a service that accepts Watchword's tokens: an issuer with its own keys, and a clock.

Tokens are real and are really verified. No guard is replaced, and no network is needed.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchword.testing.clock import StandingClock
    from watchword.testing.code_flow import CodeFlow
    from watchword.testing.issuer import Issuer

__all__ = ["CodeFlow", "Issuer", "StandingClock"]


def __getattr__(name: str) -> Any:
    # Imported at the first use (PEP 562): pytest imports this package when it loads the plugin, in every project.
    if name == "Issuer":
        from watchword.testing.issuer import Issuer

        return Issuer
    if name == "CodeFlow":
        from watchword.testing.code_flow import CodeFlow

        return CodeFlow
    if name == "StandingClock":
        from watchword.testing.clock import StandingClock

        return StandingClock
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
