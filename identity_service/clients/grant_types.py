"""The grant types that a client may have (RFC 6749, RFC 8628)."""

from enum import StrEnum
from typing import Final


class GrantType(StrEnum):
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - no secret
    CLIENT_CREDENTIALS = "client_credentials"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
    PASSWORD = "password"  # noqa: S105 - no secret


OF_PEOPLE: Final = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.DEVICE_CODE, GrantType.PASSWORD})
"""The grant types by which a person signs in, and which give the first refresh token."""
