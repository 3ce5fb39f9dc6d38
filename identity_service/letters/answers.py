"""What the answers of a mail server mean: try again, never, or a fault of the configuration."""

import re
import ssl
from typing import Final

from aiosmtplib import SMTPResponseException

from watchword.errors import Unavailable

_AUTHENTICATION: Final = (530, 534, 535, 538)


class MailUnavailable(Unavailable):
    """The letter was not taken this time. The message says why, without what the server wrote."""

    code = "mail_unavailable"


class Undeliverable(Exception):
    """The letter can never reach its recipient, who may have typed an address that is none. The message says why,
    without the address and what the server wrote."""


def is_about_us(error: SMTPResponseException) -> bool:
    """Whether a final answer to a recipient is about this client: authentication (RFC 4954 section 6), or a rule of
    security or policy (RFC 3463 section 3.8), as of a relay."""
    is_policy = re.match(r"5\.7\.\d", error.message) is not None
    return 500 <= error.code <= 599 and (error.code in _AUTHENTICATION or is_policy)


def refusal(error: SMTPResponseException, what: str, forever: type[Exception]) -> Exception:
    """An answer of 5xx is for ever (RFC 5321 section 4.2.1)."""
    if 500 <= error.code <= 599:
        return forever(f"the mail server refuses {what}: {described(error)}")
    return MailUnavailable(f"the mail server does not take {what} now: {described(error)}")


def described(error: Exception) -> str:
    """The class of the error or the status code. What a server writes may repeat the address."""
    if isinstance(error, SMTPResponseException):
        status = re.match(r"\d\.\d{1,3}\.\d{1,3}", error.message)
        return f"{error.code} {status[0]}" if status else str(error.code)
    return type(error).__name__


def is_certificate(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None
