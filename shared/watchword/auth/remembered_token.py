"""A token that a verifier has accepted, as it is remembered."""

from watchword.auth.principal import Principal
from watchword.auth.public_key import PublicKey
from watchword.auth.revocations import Revocations


class RememberedToken:
    """The caller of a token and the key that signed it. `refused_from` is when it has expired, leeway included, in
    seconds since 1970."""

    __slots__ = ("_edition", "key", "principal", "refused_from")

    def __init__(self, principal: Principal, key: PublicKey, refused_from: float) -> None:
        self.principal = principal
        self.key = key
        self.refused_from = refused_from
        self._edition: object = None

    def is_revoked(self, revocations: Revocations) -> bool:
        """Whether these revocations refuse the token. They are asked once after each of their changes."""
        # Noted as it was before they are asked, so that a change meanwhile counts as another one.
        edition = revocations.edition
        if self._edition is edition:
            return False
        if revocations.refuses(self.principal):
            return True
        self._edition = edition
        return False
