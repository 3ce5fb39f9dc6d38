"""What this service refuses, in its own words. OAuth's refusals are in oauth/errors.py."""

from watchword.auth.errors import InvalidToken
from watchword.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable


class UsernameTaken(Conflict):
    code = "username_taken"
    detail = "This username is taken."


class EmailTaken(Conflict):
    code = "email_taken"
    detail = "There is an account with this e-mail address already."


class UserNotFound(NotFound):
    code = "user_not_found"
    detail = "There is no such user."


class SessionNotFound(NotFound):
    code = "session_not_found"
    detail = "You have no such session."


class WrongPassword(Forbidden):
    code = "wrong_password"
    detail = "The current password is not right."


class PasswordChanged(Conflict):
    code = "password_changed"
    detail = "The password was changed by somebody else just now."


class WeakPassword(Invalid):
    code = "weak_password"
    pointer = "/body/password"


class WeakNewPassword(WeakPassword):
    pointer = "/body/new_password"


class CrossSite(Forbidden):
    """A cookie proves who asks only where the page that asks is known to be ours."""

    code = "cross_site"
    detail = "This needs an allowed Origin and the header X-Requested-With."


class NotSignedIn(InvalidToken):
    code = "not_signed_in"
    detail = "Sign in again."


class DeletionNotFound(NotFound):
    code = "deletion_not_found"
    detail = "There is no such receipt."


class HashingBusy(Unavailable):
    code = "hashing_busy"
    detail = "Too many sign-ins at once; try again shortly."
    retry_after = 2


class NoSigningKey(Unavailable):
    code = "no_signing_key"
    detail = "No tokens can be signed at the moment; try again shortly."
