"""What this service refuses, in its own words. OAuth's refusals are in oauth/errors.py."""

from shared.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable


class UsernameTaken(Conflict):
    code = "username_taken"
    detail = "This username is taken."


class EmailTaken(Conflict):
    code = "email_taken"
    detail = "There is an account with this e-mail address already."


class UserNotFound(NotFound):
    code = "user_not_found"
    detail = "There is no such user."


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


class HashingBusy(Unavailable):
    code = "hashing_busy"
    detail = "Too many sign-ins at once; try again shortly."
    retry_after = 2


class NoSigningKey(Unavailable):
    code = "no_signing_key"
    detail = "No tokens can be signed at the moment; try again shortly."
