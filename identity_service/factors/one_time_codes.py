"""Codes of an authenticator app (RFC 6238): six digits of SHA-1, another one every 30 seconds."""

import base64
import hmac
import re
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import pyotp

SECRET_BYTES: Final = 20
"""160 bits, as RFC 4226 section 4 recommends."""

STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""How many steps before and after the present one are accepted, since clocks differ and people type."""

_NOT_DIGITS: Final = re.compile(r"[\s-]+")
_CODE: Final = re.compile(r"[0-9]{6}")


def make_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def text_of(secret: bytes) -> str:
    """The secret as apps take it: in base32."""
    return base64.b32encode(secret).decode()


def uri_of(secret: bytes, username: str, issuer: str) -> str:
    """The `otpauth:` URI that apps read from a QR code. They show the host of the issuer and the username."""
    app = pyotp.TOTP(text_of(secret))
    return app.provisioning_uri(name=username, issuer_name=urlsplit(issuer).netloc)


def step_at(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step."""
    return pyotp.HOTP(text_of(secret)).at(step)


def matching_step(secret: bytes, text: str, now: datetime, *, after: int = -1) -> int | None:
    """The time step whose code this text is: the present one, or one before or after it, and later than `after`. None
    if there is none. Every code is compared, each in constant time."""
    code = _NOT_DIGITS.sub("", text)
    if _CODE.fullmatch(code) is None:
        return None
    present = step_at(now)
    steps = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    matches = [step for step in steps if hmac.compare_digest(code_at(secret, step), code)]
    return next((step for step in reversed(matches) if step > after), None)
