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


class RecoveryCodesWithoutFactor(Conflict):
    """Recovery codes were asked for by somebody whose account has no factor that they could stand in for."""

    code = "recovery_codes_without_factor"
    detail = "Recovery codes are for accounts with an authenticator app or a passkey. Add one first."


class LastFactorRequired(Conflict):
    """The factor to be removed is the last one of somebody who has a role that requires one. Without this refusal, the
    present sign-on would go on without a factor."""

    code = "last_factor_required"
    detail = "A role of yours requires a second factor. Add another one before you remove this one."
