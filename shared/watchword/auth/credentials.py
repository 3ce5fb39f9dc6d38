"""The access token of a request, or of the handshake of a WebSocket.

A browser cannot give a WebSocket an Authorization header, so its token comes as a subprotocol: the client offers
`watchword` and `watchword.bearer.<token>`, and the server selects `watchword`.
"""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Scope

from watchword.auth.errors import AmbiguousCredentials, AmbiguousSubprotocols, InvalidToken

SUBPROTOCOL: Final = "watchword"

_TOKEN_PREFIX: Final = "watchword.bearer."  # noqa: S105 - it begins the name of a subprotocol
_OFFERED_TOKENS: Final = "watchword.tokens"
_FIELD: Final = b"sec-websocket-protocol"


def bearer_token(connection: HTTPConnection) -> str | None:
    """The one access token of a request or of a handshake, or None if it has no credentials."""
    token = _token_of_header(connection.scope)
    if connection.scope["type"] != "websocket":
        return token
    offered: list[str] = connection.scope.get(_OFFERED_TOKENS, [])
    if not offered:
        return token
    if token is not None or len(offered) > 1 or SUBPROTOCOL not in connection.scope["subprotocols"]:
        raise AmbiguousSubprotocols("a token among the subprotocols, with another one or without `watchword`")
    return offered[0]


def hide_offered_tokens(scope: Scope) -> None:
    """Take the tokens among the subprotocols of a WebSocket out of its header and its list of subprotocols.

    `bearer_token` still finds them; a log of header fields does not, nor does an app that selects a subprotocol.
    """
    if _OFFERED_TOKENS in scope:
        return
    # Some servers pass on the header field as it is.
    offered = [name.strip() for names in scope.get("subprotocols") or () for name in names.split(",")]
    tokens = [name.removeprefix(_TOKEN_PREFIX) for name in offered if name.startswith(_TOKEN_PREFIX)]
    others = [name for name in offered if not name.startswith(_TOKEN_PREFIX)]
    scope[_OFFERED_TOKENS], scope["subprotocols"] = tokens, others
    if tokens:
        fields = [field for field in scope["headers"] if field[0] != _FIELD]
        scope["headers"] = [*fields, (_FIELD, ", ".join(others).encode("latin-1", "replace"))]


def _token_of_header(scope: Scope) -> str | None:
    """The token of the one Authorization header (RFC 6750 section 2.1), or None if there is no such header."""
    credentials: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if credentials is not None:
                raise AmbiguousCredentials("two Authorization headers")
            credentials = value
    if credentials is None:
        return None
    scheme, _, token = credentials.partition(b" ")
    if scheme.lower() != b"bearer":
        raise InvalidToken("another scheme than Bearer")
    return token.strip(b" ").decode("latin-1")
