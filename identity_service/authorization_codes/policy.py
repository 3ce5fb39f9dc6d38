"""Which authorization codes may be traded in, and by whom."""

import re
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from identity_service.authorization_codes.models import AuthorizationCode
from identity_service.authorization_codes.values import PresentedCode
from identity_service.errors import CodeRefused

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


def ensure_presented_by_its_client(code: AuthorizationCode, presented: PresentedCode) -> None:
    """Raise CodeRefused unless the client that asked for the code presents it, with the redirect URI and the verifier
    of its request."""
    if code.client_id != presented.request.client.id:
        raise CodeRefused("another client's code")
    if code.redirect_uri != presented.redirect_uri:
        raise CodeRefused("another redirect URI")
    if not _is_challenged_by(code.code_challenge, presented.verifier):
        raise CodeRefused("the verifier is wrong")


def ensure_current(code: AuthorizationCode, now: datetime) -> None:
    """Raise CodeRefused for a code that is too old."""
    if not code.is_current(now):
        raise CodeRefused("the code has expired")


def _is_challenged_by(challenge: str, verifier: str) -> bool:
    """Whether the challenge was made of this verifier with S256 (RFC 7636 section 4.6)."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return compare_digest(digest, challenge)
