"""Which authorization codes may be traded in, and by whom."""

import re
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from identity_service.authentications import Authentication
from identity_service.authorization_codes.values import LockedCode, PresentedCode
from identity_service.ending import is_live
from identity_service.errors import AccountChanged, CodeRefused, CodeUsed

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


def ensure_presented_by_its_client(code: LockedCode, presented: PresentedCode) -> None:
    """Raise CodeRefused unless the client that asked for the code presents it, with the redirect URI and the verifier
    of its request."""
    if code.client_id != presented.request.client.id:
        raise CodeRefused("another client's code")
    if code.redirect_uri != presented.redirect_uri:
        raise CodeRefused("another redirect URI")
    if not _is_challenged_by(code.code_challenge, presented.verifier):
        raise CodeRefused("the verifier is wrong")


def ensure_unused(code: LockedCode, now: datetime) -> None:
    """Raise CodeUsed for a code that was traded in before, and CodeRefused for one that is too old."""
    if code.used_at is not None:
        raise CodeUsed(code.user.id, code.session_id)
    if now >= code.expires_at:
        raise CodeRefused("the code has expired")


def ensure_signed_on(code: LockedCode, now: datetime) -> None:
    """Raise AccountChanged if the person may not get sessions any more, or the sign-on is over."""
    if not code.may_get_sessions:
        raise AccountChanged("the user may not sign in")
    if not is_live(code.sign_on.ended_at, code.sign_on.expires_at, now):
        raise AccountChanged("the sign-on is over")


def present_authentication(code: LockedCode) -> Authentication:
    """How the person was authenticated when the code was issued, or as weakly as their sign-on says by now: a factor
    that was removed meanwhile does not come back by a code."""
    return code.authentication.no_stronger_than(code.sign_on.authentication)


def _is_challenged_by(challenge: str, verifier: str) -> bool:
    """Whether the challenge was made of this verifier with S256 (RFC 7636 section 4.6)."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return compare_digest(digest, challenge)
