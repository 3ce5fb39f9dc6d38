"""Says once in the log that a service is configured for other tokens than those it gets.

A stranger can send a token with any claims, so there are hints only about tokens that the issuer's own key has signed.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from watchword.auth.errors import Flaw, InvalidToken
from watchword.auth.principal import instant
from watchword.lines import Seldom, quoted

logger = logging.getLogger("watchword.configuration")

_REFUSED: Final = "a token that the issuer's key has signed was refused"
_COMPARE_CLOCKS: Final = "compare the clocks of the issuer and of this machine"


class ConfigurationHints:
    """The hints of one verifier. Each kind is logged as a warning, at most once in ten minutes."""

    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._log = Seldom(logger)

    def note(self, refusal: InvalidToken, claims: Mapping[str, Any], now: float, *, has_accepted: bool) -> None:
        """A token with these claims was refused at `now` (seconds since 1970) although its signature is valid.

        Expired tokens are common. One is worth a hint only while no token has been accepted (`has_accepted`), because
        an accepted token shows that the clock is right.
        """
        flaw = refusal.flaw
        match flaw:
            case Flaw.ISSUER:
                self._warn(flaw, "its issuer (iss) is %s, and this service is configured with %s", claims, "iss")
            case Flaw.AUDIENCE:
                self._warn(flaw, "its audience (aud) is %s, and this service is configured with %s", claims, "aud")
            case Flaw.NOT_YET:
                name = "iat" if claims["iat"] > now else "nbf"
                self._warn_of_clock(flaw, f"it is valid ({name}) from %s on", claims[name], now)
            case Flaw.EXPIRED if not has_accepted:
                self._warn_of_clock(flaw, "it expired (exp) at %s", claims["exp"], now)
            case Flaw.LIFETIME:
                self._log.log(logging.WARNING, flaw, f"{_REFUSED}: it %s", refusal.reason)

    def _warn(self, flaw: Flaw, difference: str, claims: Mapping[str, Any], name: str) -> None:
        configured = self._issuer if name == "iss" else self._audience
        message = f"{_REFUSED}: {difference}"
        self._log.log(logging.WARNING, flaw, message, quoted(claims.get(name)), quoted(configured))

    def _warn_of_clock(self, flaw: Flaw, difference: str, at: float, now: float) -> None:
        message = f"{_REFUSED}: {difference}, and it is %s here; %s"
        self._log.log(logging.WARNING, flaw, message, instant(at), instant(now), _COMPARE_CLOCKS)
