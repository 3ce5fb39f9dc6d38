"""Authorization requests (OpenID Connect Core section 3.1.2.1): what a client asks of a person in a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from identity_service.authentication.password import MAX_LOGIN_CHARACTERS
from identity_service.clients.models import Client
from identity_service.oauth.authorization.answers import Destination
from identity_service.oauth.authorization.parameters import AUTHENTICATED_AFTER, Parameters

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
    `expected_user_id` is the person whom the client knows by an ID token: the answer must be about nobody else (OpenID
    Connect Core section 3.1.2.2).
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
    authenticated_after: int | None
    expected_user_id: UUID | None

    @property
    def login_hint(self) -> str | None:
        """The username or e-mail address of the person that the client expects; None if it is too long to be one.
        Somebody else may sign in."""
        hint = self.parameters.find("login_hint")
        return hint if hint is not None and len(hint) <= MAX_LOGIN_CHARACTERS else None

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
