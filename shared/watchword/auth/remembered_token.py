"""What a verifier remembers of a token that it has accepted."""

from watchword.auth.principal import Principal
from watchword.auth.public_key import PublicKey
from watchword.auth.revocations import Revocations


class RememberedToken:
    """The caller of a token and the key that signed it. `refused_from` is the time from which on it has expired, the
    leeway included, in seconds since 1970."""

    __slots__ = ("_edition", "key", "principal", "refused_from")

    def __init__(self, principal: Principal, key: PublicKey, refused_from: float) -> None:
        self.principal = principal
        self.key = key
        self.refused_from = refused_from
        # Of the revocations that have let it pass.
        self._edition: object = None

    def is_revoked(self, revocations: Revocations) -> bool:
        """Whether these revocations refuse the token. They are asked only if they have changed since they let it
        pass."""
        # Read before they are asked, so that a change in the meantime makes them be asked again.
        edition = revocations.edition
        if self._edition is edition:
            return False
        if revocations.refuses(self.principal):
            return True
        self._edition = edition
        return False
