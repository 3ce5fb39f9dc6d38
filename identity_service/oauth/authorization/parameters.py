"""The parameters of an authorization request, as the query has them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Self
from urllib.parse import parse_qsl, urlencode

from identity_service.oauth.authorization.errors import AuthorizationMalformed

MAX_CHARACTERS: Final = 6_000
"""How long a query may be. The address of the sign-in page has it in it, encoded once more."""

AUTHENTICATED_AFTER: Final = "authenticated_after"
"""Our own parameter, in milliseconds since 1970: the person must have been authenticated since then. It takes the place
of `prompt=login` and `max_age` on the way through the sign-in page. A client that sends it only demands more."""

FORMER_MAX_AGE: Final = "former_max_age"
"""Our own parameter: the `max_age` that the request had before it went through the sign-in page. It demands nothing."""

_KNOWN: Final = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "acr_values",
    "login_hint",
    "id_token_hint",
    "resource",
    "request",
    "request_uri",
    AUTHENTICATED_AFTER,
    FORMER_MAX_AGE,
)
_REPEATABLE: Final = frozenset({"resource"})
_MAX_FIELDS: Final = 64


class Parameters:
    """The parameters that the endpoint knows; others are ignored (RFC 6749 section 3.1). An empty one counts as absent.

    `repeated` are the names that occur more often than once and may not.
    """

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            if value and name in _KNOWN:
                self._values.setdefault(name, []).append(value)
        self.repeated: Collection[str] = {
            name for name, values in self._values.items() if len(values) > 1 and name not in _REPEATABLE
        }

    @classmethod
    def of(cls, query: str) -> Self:
        """The parameters of a query, or of a form in the same encoding. Raises AuthorizationMalformed."""
        try:
            fields = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
        except ValueError:
            raise AuthorizationMalformed("not UTF-8, or too many parameters") from None
        parameters = cls(fields)
        if any("\x00" in value for _, value in fields):
            raise AuthorizationMalformed("a parameter holds the character NUL")
        # Our own parameters do not count: with them, a valid request could become too long on its way.
        if len(parameters.replace({AUTHENTICATED_AFTER: None, FORMER_MAX_AGE: None}).encode()) > MAX_CHARACTERS:
            raise AuthorizationMalformed("the query is too long")
        return parameters

    def find(self, name: str) -> str | None:
        """The value of a parameter; None if it is absent or repeated."""
        return None if name in self.repeated else next(iter(self._values.get(name, ())), None)

    def all(self, name: str) -> list[str]:
        return list(self._values.get(name, ()))

    def replace(self, changes: Mapping[str, str | None]) -> "Parameters":
        """These parameters with the changed values, and without those whose value is None."""
        values = {**self._values, **{name: [value] for name, value in changes.items() if value is not None}}
        removed = {name for name, value in changes.items() if value is None}
        return Parameters((name, value) for name in values.keys() - removed for value in values[name])

    def encode(self) -> str:
        """The query that has these parameters, always in the same order."""
        fields = [(name, value) for name in _KNOWN for value in self._values.get(name, ())]
        return urlencode(fields)
