"""What this service refuses, in its own words; roles, services and clients have theirs in their folders.
`oauth/errors.py` translates these into the errors of RFC 6749."""

from typing import Self
from uuid import UUID

from watchword.auth.errors import InvalidToken
from watchword.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable


class UsernameTaken(Conflict):
    code = "username_taken"
    detail = "This username is taken."


class UsernameReserved(Conflict):
    """Others would take the owner of this name for the operator of the service."""

    code = "username_reserved"
    detail = "This username is reserved; choose another one."


class EmailTaken(Conflict):
    code = "email_taken"
    detail = "There is an account with this e-mail address already."


class UserNotFound(NotFound):
    code = "user_not_found"
    detail = "There is no such user."


class NetworkNotAllowed(Forbidden):
    """The settings say from which networks people may administer."""

    code = "network_not_allowed"
    detail = "The administration cannot be used from your network."


class LettersNotSent(Conflict):
    """The settings name no mail server."""

    code = "letters_not_sent"
    detail = "This installation sends no letters."


class ResetImpossible(Conflict):
    """The links of an account that is disabled do nothing."""

    code = "account_disabled"
    detail = "The account is disabled. Enable it first."


class LinkInvalid(NotFound):
    """The link was used, replaced or made invalid by a change, has expired, or never was. All look alike."""

    code = "link_invalid"
    detail = "This link is not valid: it was used before, has expired, or a later one took its place."


class SessionNotFound(NotFound):
    code = "session_not_found"
    detail = "You have no such session."


class WrongPassword(Forbidden):
    code = "wrong_password"
    detail = "The current password is not right."


class PasswordChanged(Conflict):
    code = "password_changed"
    detail = "The password was changed by another request just now."


class WeakPassword(Invalid):
    code = "weak_password"
    detail = "This password is too easy to guess."
    pointer = "/body/password"


class WeakNewPassword(WeakPassword):
    pointer = "/body/new_password"


class BreachedPassword(WeakPassword):
    """The password is known from a breach of another service."""

    code = "breached_password"
    detail = "This password is known from a breach of another service; choose another one, and change it there too."


class BreachedNewPassword(BreachedPassword):
    pointer = "/body/new_password"


class InitialPasswordKept(WeakNewPassword):
    """Who was given a password must choose another one."""

    code = "initial_password_kept"
    detail = "Choose another password than the one that you were given."


class PasswordMustChange(Forbidden):
    """The password is right, but somebody else has chosen it: it does nothing but let its owner choose another."""

    code = "password_must_change"
    detail = "This password is an initial one: sign in at /sign-in, choose your own at /account/password, and use that."


class PasswordNotEnough(Forbidden):
    """The password is right, but it alone starts no session: the account has a second factor, or a role that requires
    one."""

    code = "password_not_enough"
    detail = (
        "This account has a second factor, or must have one: its password alone is not enough. Sign in at /sign-in."
    )


class NotSignedIn(InvalidToken):
    """The caller has to sign in again. Every cause looks alike from outside."""

    code = "not_signed_in"
    detail = "Sign in again."


class InvalidCredentials(NotSignedIn):
    """The user is unknown, or the password is wrong."""


class AccountDisabled(InvalidCredentials):
    """The password is right, but the account is disabled. Outside it looks like every other InvalidCredentials."""


class AddressUnverified(InvalidCredentials):
    """The password is right, but the account awaits the verification of its address. Outside it looks like every other
    InvalidCredentials."""


class InitialPasswordExpired(InvalidCredentials):
    """The password is right, but it is an initial one that was not changed in time. Outside it looks like every other
    InvalidCredentials."""


class AccountChanged(InvalidCredentials):
    """The account or its password changed while the password was verified; the caller may try once more."""


class SecondFactorWrong(NotSignedIn):
    """The code is not one of the account, or was used before."""

    code = "second_factor_wrong"
    detail = "This code is not right, or was used before."


class SignInOver(NotSignedIn):
    """A sign-in that lacked its second factor has expired, had too many wrong codes or was finished, or its account has
    changed. All look alike."""

    code = "sign_in_over"
    detail = "This sign-in is over. Sign in again."


class SignOnRequired(NotSignedIn):
    """The page is for people who have signed on in this browser."""


class FirstPartyRequired(Forbidden):
    """Only applications of the installation may do this."""

    code = "first_party_required"
    detail = "An application of others may not do this for you. Do it on the pages of your account."


class NotAnAdministrator(Forbidden):
    """The pages of the administration are for people who have the permission for it at this moment."""

    code = "not_an_administrator"
    detail = "This is for administrators."


class OwnPasswordRequired(SignOnRequired):
    """The person signed on with an initial password, and must choose their own before anything else."""


class MustAddSecondFactor(SignOnRequired):
    """The person is signed on without the second factor that a role of theirs requires, and must add one before
    anything else."""


class FreshSignOnRequired(SignOnRequired):
    """The page is for people who were authenticated a short time ago. `query` is for the page that they come back
    to."""

    def __init__(self, reason: str | None = None, query: str = "") -> None:
        super().__init__(reason)
        self.query = query


class RefreshTokenRefused(NotSignedIn):
    """The refresh token is malformed, expired, replayed, another client's, or its session has ended."""


class CodeRefused(NotSignedIn):
    """The authorization code is unknown, expired, used, another client's, or presented without what proves it."""


class CodeUsed(CodeRefused):
    """The authorization code of this user was traded in before, for the session with this id; None if the session was
    deleted since."""

    def __init__(self, user_id: UUID, session_id: UUID | None) -> None:
        super().__init__("the code was used before")
        self.user_id = user_id
        self.session_id = session_id

    @classmethod
    def example(cls) -> Self:
        return cls(UUID(int=0), None)


class UserCodeInvalid(NotFound):
    """No device shows this code, or somebody has decided about it, or it has expired. All look alike."""

    code = "user_code_invalid"
    detail = "No device is waiting with this code: it may be mistyped, used or expired."


class DeviceCodeRefused(NotSignedIn):
    """The device code is unknown, another client's or used, or the person who allowed it can no longer sign in."""


class DeviceCodeExpired(NotSignedIn):
    """Nobody has allowed the device in time, or the device did not ask for its tokens in time."""


class DeviceDenied(Forbidden):
    """The person has denied the device a session."""


class DeviceUndecided(Conflict):
    """Nobody has allowed or denied the device yet."""


class PolledTooSoon(DeviceUndecided):
    """The device polls more often than it may."""


class SessionEnded(InvalidToken):
    """The session of an access token is not live, or the token says what is not true of its user now."""


class ClientNotAuthenticated(Unauthenticated):
    code = "client_not_authenticated"
    detail = "The client is unknown or did not authenticate."


class ConsentNotFound(NotFound):
    code = "consent_not_found"
    detail = "You have allowed this application nothing."


class GrantTypeNotAllowed(Forbidden):
    code = "grant_type_not_allowed"
    detail = "This client may not use this grant type."


class ScopeNotAllowed(Forbidden):
    code = "scope_not_allowed"
    detail = "A scope is unknown or more than this client may have, or none is left for the audience."


class AudienceNotAllowed(Forbidden):
    code = "audience_not_allowed"
    detail = "An audience is unknown or more than this client may reach."


class NoAudience(AudienceNotAllowed):
    code = "no_audience"
    detail = "This client may use no service; an administrator must give it an audience."


class NoDefaultAudience(AudienceNotAllowed):
    code = "no_default_audience"
    detail = "This client has several audiences and no default: name one as the resource."


class TokenTooLarge(Forbidden):
    """The access token would be larger than any service accepts."""

    code = "token_too_large"
    detail = "With these scopes the token would be larger than a service accepts; ask for fewer."


class DeletionNotFound(NotFound):
    code = "deletion_not_found"
    detail = "There is no such receipt."


class AnswerNotFound(NotFound):
    """This user has no act with such an answer."""

    code = "answer_not_found"
    detail = "You have no such answer."


class HashingBusy(Unavailable):
    code = "hashing_busy"
    detail = "The service is busy; try again shortly."
    retry_after = 2


class BreachCheckUnavailable(Unavailable):
    """It could not be checked whether a password is known from a breach, and the settings refuse it then."""

    code = "breach_check_unavailable"
    detail = "The password could not be checked at the moment; try again shortly."
    retry_after = 5


class NoSigningKey(Unavailable):
    code = "no_signing_key"
    detail = "No tokens can be signed at the moment; try again shortly."


class NoSuchStream(NotFound):
    code = "stream_not_found"
    detail = "There is no such stream, or it has lapsed."


class AuditExportsBusy(Unavailable):
    """This process has as many exports of the audit log as it may have."""

    code = "exports_busy"
    detail = "As many exports as can be served at once are running; try again shortly."
    retry_after = 10
