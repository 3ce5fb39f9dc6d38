"""An application asks that a person be signed out (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode

from identity_service.clients.models import Client
from identity_service.clients.service import Clients
from identity_service.sessions.service import Sessions
from identity_service.sessions.sign_ons import SignOns
from identity_service.sign_ons.values import LiveSignOn
from identity_service.tokens.reading import IdTokenHint, TokenReader
from watchword.errors import BadRequest

MAX_CHARACTERS: Final = 12_000
"""How long a query may be: an ID token has up to 8 KiB."""

_MAX_FIELDS: Final = 32


class LogoutMalformed(BadRequest):
    code = "logout_malformed"
    detail = "The request of the application could not be read."


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class LogoutRequest:
    """The parameters that the endpoint knows; others are ignored, and so are `logout_hint` and `ui_locales`. An empty
    one counts as absent."""

    id_token_hint: str | None = None
    client_id: str | None = None
    post_logout_redirect_uri: str | None = None
    state: str | None = None

    @classmethod
    def of(cls, query: str) -> Self:
        """The parameters of a query, or of a form in the same encoding. Raises LogoutMalformed, also for one that is
        repeated."""
        if len(query) > MAX_CHARACTERS:
            raise LogoutMalformed("too long")
        try:
            fields = parse_qsl(query, max_num_fields=_MAX_FIELDS, errors="strict")
        except ValueError:
            raise LogoutMalformed("not UTF-8, or too many parameters") from None
        known = [(name, value) for name, value in fields if name in cls.__slots__]
        if len(dict(known)) != len(known) or any("\x00" in value for _, value in known):
            raise LogoutMalformed("a parameter is repeated, or holds the character NUL")
        return cls(**dict(known))

    def encode(self) -> str:
        """The query that has these parameters."""
        values = ((name, getattr(self, name)) for name in self.__slots__)
        return urlencode([(name, value) for name, value in values if value is not None])


class Destination(NamedTuple):
    """Where the browser goes after signing out: a URI that the client has registered for that."""

    client: Client
    uri: str
    state: str | None

    @property
    def location(self) -> str:
        if self.state is None:
            return self.uri
        return f"{self.uri}{'&' if '?' in self.uri else '?'}{urlencode({'state': self.state})}"


class Decision(NamedTuple):
    """What happens to a request: the person is asked first; or, if not, the sign-on ends if there is one to end. Then
    the browser goes to the destination; to a page of ours if there is none."""

    must_ask: bool
    ends_sign_on: bool
    destination: Destination | None


class Logout:
    """Decides what the request of an application leads to. It ends nothing itself."""

    def __init__(self, clients: Clients, reader: TokenReader, sessions: Sessions, sign_ons: SignOns) -> None:
        self._clients = clients
        self._reader = reader
        self._sessions = sessions
        self._sign_ons = sign_ons

    async def decide(self, request: LogoutRequest, sign_on_secret: str) -> Decision:
        """What happens to the request (sections 2 and 3): nobody is signed out without being asked, unless the hint is
        of the present sign-on."""
        # 1. Whose session does the application mean? A hint that cannot be read, or is another client's, makes the rest
        #    of the request worthless too: the sender is not the client that the request names.
        hint = await self._hint_of(request)
        is_trusted = request.id_token_hint is None or hint is not None

        # 2. Where does the browser go afterwards?
        client_id = hint.client_id if hint is not None else request.client_id
        destination = await self.destination(client_id, request) if is_trusted else None
        is_trusted = is_trusted and (destination is not None or request.post_logout_redirect_uri is None)

        # 3. Is anybody signed on here?
        sign_on = await self._sign_ons.find(sign_on_secret)
        if sign_on is None:
            return Decision(must_ask=False, ends_sign_on=False, destination=destination)

        # 4. Does the application prove that it means this person in this browser?
        if hint is not None and hint.user_id != sign_on.user_id:
            return Decision(must_ask=True, ends_sign_on=True, destination=None)
        is_proven = hint is not None and is_trusted and await self._comes_from(hint, sign_on)
        return Decision(must_ask=not is_proven, ends_sign_on=True, destination=destination)

    async def destination(self, client_id: str | None, request: LogoutRequest) -> Destination | None:
        """The destination that this client has registered, compared character by character; None if it has not."""
        uri = request.post_logout_redirect_uri
        client = None if client_id is None or uri is None else await self._clients.find(client_id)
        if client is None or uri is None or uri not in client.post_logout_redirect_uris:
            return None
        return Destination(client, uri, request.state)

    async def _hint_of(self, request: LogoutRequest) -> IdTokenHint | None:
        """The hint, if it is an ID token of ours and of the client that the request names, if it names one."""
        if request.id_token_hint is None:
            return None
        hint = await self._reader.read_id_token_hint(request.id_token_hint)
        is_of_client = hint is not None and request.client_id in (None, hint.client_id)
        return hint if is_of_client else None

    async def _comes_from(self, hint: IdTokenHint, sign_on: LiveSignOn) -> bool:
        """Whether the session of the hint, which may have ended, came from this sign-on."""
        return await self._sessions.find_sign_on_id(hint.user_id, hint.session_id) == sign_on.id
