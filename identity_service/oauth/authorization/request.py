"""Authorization requests (OpenID Connect Core section 3.1.2.1): what a client asks of a person in a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from identity_service.authentication.password import MAX_LOGIN_CHARACTERS
from identity_service.authentications import Authentication
from identity_service.clients.models import Client
from identity_service.oauth.authorization.answers import Destination
from identity_service.oauth.authorization.parameters import AUTHENTICATED_AFTER, FORMER_MAX_AGE, Parameters
from identity_service.tokens.reading import IdTokenHint

NONE: Final = "none"
LOGIN: Final = "login"
CONSENT: Final = "consent"
SELECT_ACCOUNT: Final = "select_account"
CREATE: Final = "create"
PROMPTS: Final = (NONE, LOGIN, CONSENT, SELECT_ACCOUNT, CREATE)
"""The prompts of OpenID Connect Core, and that of Initiating User Registration 1.0."""

_SIGN_IN_PROMPTS: Final = frozenset({LOGIN, SELECT_ACCOUNT, CREATE})
"""On the sign-in page a person may sign in as somebody else, so it is where an account is selected, too, and where the
page that makes an account leads to."""


@dataclass(frozen=True, slots=True, repr=False)
class AuthorizationRequest:
    """A request whose client and redirect URI are known, and which the client may make.

    `audiences` are those that the session may ever get tokens for; `names_scopes` is whether the request has a scope.
    `acr` is the weakest level that the client takes, None if it takes any. `hint` is what an ID token says that the
    client has sent: the answer must be about nobody else than its person (OpenID Connect Core section 3.1.2.2).
    """

    client: Client
    destination: Destination
    parameters: Parameters
    scopes: Sequence[str]
    names_scopes: bool
    audiences: Sequence[str]
    code_challenge: str
    nonce: str | None
    prompts: frozenset[str]
    max_age: int | None
    acr: str | None
    authenticated_after: int | None
    hint: IdTokenHint | None

    @property
    def login_hint(self) -> str | None:
        """The username or e-mail address of the person that the client expects; None if it is too long to be one.
        Somebody else may sign in."""
        hint = self.parameters.find("login_hint")
        return hint if hint is not None and len(hint) <= MAX_LOGIN_CHARACTERS else None

    @property
    def expected_user_id(self) -> UUID | None:
        """The person whom the client knows by an ID token."""
        return None if self.hint is None else self.hint.user_id

    @property
    def continued_session_id(self) -> UUID | None:
        """The session of the client that is to go on with a stronger or more recent authentication: that of the ID
        token which it sends with such a demand."""
        demands = self.acr, self.max_age, self.parameters.find(FORMER_MAX_AGE)
        return None if self.hint is None or demands == (None, None, None) else self.hint.session_id

    @property
    def may_show_pages(self) -> bool:
        return NONE not in self.prompts

    @property
    def asks_for_consent(self) -> bool:
        """Whether the person is to be asked again, whatever they have allowed before."""
        return CONSENT in self.prompts

    @property
    def asks_to_sign_up(self) -> bool:
        """Whether the person is to see the page that makes an account first."""
        return CREATE in self.prompts

    def asks_to_sign_in(self, authenticated_at: datetime, now: datetime) -> bool:
        """Whether a person who was authenticated at this time must be authenticated again."""
        if self.max_age is not None and now - authenticated_at > timedelta(seconds=self.max_age):
            return True
        is_too_early = (
            self.authenticated_after is not None and milliseconds(authenticated_at) < self.authenticated_after
        )
        return is_too_early or not _SIGN_IN_PROMPTS.isdisjoint(self.prompts)

    def asks_for_more_than(self, authentication: Authentication) -> bool:
        """Whether a person who was authenticated in this way must be authenticated more strongly."""
        return self.acr is not None and not authentication.is_at_least(self.acr)

    def may_be_about(self, user_id: UUID) -> bool:
        """Whether the answer may be about this person."""
        return self.expected_user_id in (None, user_id)

    def query_after_sign_in(self, now: datetime) -> str:
        """The query with which this request goes on after a sign-in that begins now: it asks for no further one."""
        if self.max_age is None and self.expected_user_id is None and _SIGN_IN_PROMPTS.isdisjoint(self.prompts):
            return self.query
        return self.query_after_fresh_sign_in(now)

    def query_after_fresh_sign_in(self, now: datetime) -> str:
        """The query with which this request goes on after a sign-in that must begin now, whatever the client asks."""
        after = str(max(milliseconds(now), self.authenticated_after or 0))
        changes = {"prompt": self._prompt_without(_SIGN_IN_PROMPTS), "max_age": None, AUTHENTICATED_AFTER: after}
        if self.max_age is not None:
            changes[FORMER_MAX_AGE] = str(self.max_age)
        return self.parameters.replace(changes).encode()

    def query_after_consent(self) -> str:
        """The query of this request after the person was asked for consent."""
        return self.parameters.replace({"prompt": self._prompt_without({CONSENT})}).encode()

    def query_for_other_account(self) -> str:
        """The query of this request with the wish to select an account on the sign-in page."""
        return self.parameters.replace({"prompt": " ".join(sorted({*self.prompts, SELECT_ACCOUNT}))}).encode()

    @property
    def query(self) -> str:
        return self.parameters.encode()

    def _prompt_without(self, prompts: frozenset[str] | set[str]) -> str | None:
        return " ".join(sorted(self.prompts - prompts)) or None


def milliseconds(at: datetime) -> int:
    """The time in whole milliseconds since 1970: in the same second, a person can sign in and then want to do so as
    somebody else."""
    return int(at.timestamp() * 1_000)
