"""Where a person goes after signing on."""

import re
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode

from identity_service.device_grants.user_codes import display_form, normal_form
from identity_service.oauth.authorization.errors import AuthorizationMalformed
from identity_service.oauth.authorization.parameters import MAX_CHARACTERS, Parameters
from identity_service.oauth.metadata import AUTHORIZATION
from watchword.service.places import is_at_or_below

ACCOUNT: Final = "/account"
ADMINISTRATION: Final = "/admin/ui"
CHANGE_PASSWORD: Final = f"{ACCOUNT}/password"
CONSENT: Final = "/consent"
DEVICE: Final = "/device"
SECURITY: Final = f"{ACCOUNT}/security"
"""Where the owner of an account adds and removes what they sign in with beside a password."""
FORGOT_PASSWORD: Final = "/forgot-password"  # noqa: S105 - no password
SIGN_IN: Final = "/sign-in"
PASSKEY: Final = f"{SIGN_IN}/passkey"
SECOND_FACTOR: Final = f"{SIGN_IN}/second-factor"
PASSKEY_SECOND: Final = f"{SECOND_FACTOR}/passkey"
SIGN_UP: Final = "/sign-up"
STRONGER: Final = f"{SIGN_IN}/stronger"
"""Where a person learns what an application asks for that they have not shown."""
_OWN: Final = re.compile(rf"{ACCOUNT}(?:/[A-Za-z0-9_-]+)*|{DEVICE}(?:\?user_code=[A-Z]{{4}}-[A-Z]{{4}})?", re.ASCII)
_MAX_PATH_CHARACTERS: Final = 200
# No part begins with a full stop, and none is encoded: browsers take `..` and `%2e%2e` out of a path.
_PART: Final = r"/[A-Za-z0-9_-][A-Za-z0-9._~:@-]*"
_ADMINISTRATION: Final = re.compile(rf"{ADMINISTRATION}(?:{_PART})*(?:\?[A-Za-z0-9%&=+._~@:*-]*)?", re.ASCII)
MAX_ADMINISTRATION_CHARACTERS: Final = 6_000
"""The longest path of a page of the administration, with its query."""
# The query of an authorization request, which may have our own parameter beside those of a client.
_AUTHORIZATION: Final = re.compile(rf"{AUTHORIZATION}\?[!-~]{{1,{MAX_CHARACTERS + 100}}}", re.ASCII)


class Goal(NamedTuple):
    """The path of a page of the account, of a page of the administration with its query, or of the page that allows
    devices, which may have a code filled in, and whether the page needs a person who was authenticated a short time
    ago; or the path of an authorization request with its query, which says that itself. A page of the security of the
    account may lead on to such a goal."""

    path: str = ACCOUNT
    needs_fresh: bool = False

    @classmethod
    def of(cls, path: str, *, needs_fresh: bool) -> Self:
        """The goal with this path if it is such a page or an authorization request, and otherwise with /account: the
        site that a person comes from chooses the path, and must not choose another site (CWE-601)."""
        if _AUTHORIZATION.fullmatch(path) is not None:
            return cls(path)
        return cls(path if _is_own(path) else ACCOUNT, needs_fresh)

    @classmethod
    def of_authorization(cls, query: str) -> Self:
        """The authorization request with this query."""
        return cls(f"{AUTHORIZATION}?{query}")

    @classmethod
    def of_device(cls, text: str) -> Self:
        """The page that allows devices, with the user code in this text filled in, if it has one."""
        code = normal_form(text)
        return cls(DEVICE if code is None else f"{DEVICE}?user_code={display_form(code)}")

    @property
    def authorization_query(self) -> str | None:
        """The query of the authorization request; None if the goal is another page."""
        path, _, query = self.path.partition("?")
        return query if path == AUTHORIZATION else None

    @property
    def sign_in_path(self) -> str:
        """The path of the sign-in page that leads to this goal."""
        return self.path_after(SIGN_IN)

    @property
    def passkey_path(self) -> str:
        """The path that takes a passkey in the place of a password, and leads to this goal."""
        return self.path_after(PASSKEY)

    @property
    def passkey_second_path(self) -> str:
        """The path that takes a passkey as the second factor, and leads to this goal."""
        return self.path_after(PASSKEY_SECOND)

    @property
    def second_factor_path(self) -> str:
        """The path of the page that asks for the second factor and leads to this goal."""
        return self.path_after(SECOND_FACTOR)

    @property
    def sign_up_path(self) -> str:
        """The path of the page that makes an account, which remembers the goal if it is an application's."""
        return SIGN_UP if self.authorization_query is None else self.path_after(SIGN_UP)

    def with_login(self, login: str) -> "Goal":
        """The same request with this login filled in on the sign-in page. A goal that is no request stays as it is, and
        so does a request that cannot be read or would become too long."""
        query = self.authorization_query
        if query is None:
            return self
        try:
            with_hint = Parameters.of(query).replace({"login_hint": login}).encode()
            return Goal.of_authorization(Parameters.of(with_hint).encode())
        except AuthorizationMalformed:
            return self

    def path_before(self, page: str) -> str:
        """The path of a page that a person opens before they can sign in, and that leads back to the sign-in page. It
        carries the goal, unless that is the page of the account, to which a sign-in leads by default."""
        return page if self == Goal() else self.path_after(page)

    def path_after(self, page: str) -> str:
        """The path of a page that leads to this goal."""
        fresh = {"fresh": "true"} if self.needs_fresh else {}
        return f"{page}?{urlencode({'return': self.path, **fresh}, safe='/')}"


def is_of_security(path: str) -> bool:
    """Whether it is the path of a page of the security of an account."""
    return is_at_or_below(path, {SECURITY.removeprefix("/")})


def _is_own(path: str) -> bool:
    if _leads_on(path):
        return True
    if len(path) <= _MAX_PATH_CHARACTERS and _OWN.fullmatch(path) is not None:
        return True
    return len(path) <= MAX_ADMINISTRATION_CHARACTERS and _ADMINISTRATION.fullmatch(path) is not None


def _leads_on(path: str) -> bool:
    """Whether it is a page of the security of an account with the query that leads on to another goal."""
    page, _, query = path.partition("?")
    if not is_of_security(page) or _OWN.fullmatch(page) is None:
        return False
    parameters = dict(parse_qsl(query))
    further = parameters.get("return", "")
    # Looked at first: a path may say a thousand times that it leads on to such a page.
    if is_of_security(further.partition("?")[0]):
        return False
    goal = Goal.of(further, needs_fresh="fresh" in parameters)
    return path == goal.path_after(page)
