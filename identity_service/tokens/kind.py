"""The kinds of tokens that clients get."""

from enum import StrEnum


class TokenKind(StrEnum):
    """The value is the token's `typ` header."""

    ACCESS = "at+jwt"
    REFRESH = "rt+jwt"
    ID = "JWT"
