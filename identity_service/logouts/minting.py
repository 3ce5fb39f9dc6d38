"""Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4)."""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from identity_service.keys.keyring import Keyring
from identity_service.logouts.enqueueing import EndedSession
from watchword.clock import Clock

TYPE: Final = "logout+jwt"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME: Final = timedelta(minutes=2)


class LogoutTokenMinter:
    """Mints each token at the moment it is sent, with the key that signs at that moment."""

    def __init__(self, issuer: str, keyring: Keyring, clock: Clock) -> None:
        self._issuer = issuer
        self._keyring = keyring
        self._clock = clock

    def mint(self, session: EndedSession) -> str:
        """The token that tells the session's client that it has ended. Each call has a `jti` of its own: a client that
        refuses one that it knows, because its answer was lost, must not refuse the next try. Raises NoSigningKey."""
        now = self._clock.now()
        claims = {
            "iss": self._issuer,
            "aud": session.client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "jti": str(uuid4()),
            "events": {EVENT: {}},
            "sub": session.sub,
            "sid": session.sid,
        }
        return self._keyring.signer().sign(claims, TYPE)
