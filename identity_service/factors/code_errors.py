"""What is refused about authenticator apps and recovery codes."""

from watchword.errors import Conflict, Forbidden, NotFound


class WrongCode(Forbidden):
    code = "wrong_code"
    detail = "This is not the code that the authenticator app shows now."


class EnrolmentNotFound(NotFound):
    """Nothing was begun, or it has expired, or was finished or begun anew by another request."""

    code = "enrolment_not_found"
    detail = "No authenticator app waits for its first code. Begin again."


class AppNotFound(NotFound):
    code = "app_not_found"
    detail = "Your account has no authenticator app."


class RecoveryCodesChanged(Conflict):
    """The codes were renewed since the page was opened from which they were to be renewed."""

    code = "recovery_codes_changed"
    detail = "The recovery codes were renewed meanwhile."


class NoSecondFactor(Conflict):
    code = "no_second_factor"
    detail = "Recovery codes are for accounts with an authenticator app or a passkey. Add one first."


class SecondFactorNeeded(Conflict):
    """It is the last factor of somebody who has a role that requires one. Otherwise what was signed in by it would go
    on without."""

    code = "second_factor_needed"
    detail = "A role of yours requires a second factor. Add another one before you remove this one."
