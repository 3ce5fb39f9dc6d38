"""The kinds of refusal. A service subclasses a kind and says in its own words what is wrong."""

from typing import ClassVar


class AppError(Exception):
    """A refusal that callers may see. `code` is stable, `detail` is fit for strangers.

    `reason` is for the log alone; it never leaves the process.
    """

    code: ClassVar[str] = "error"
    detail: ClassVar[str] = "The request was refused."

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason or self.detail)
        self.reason = reason

    def headers(self) -> dict[str, str]:
        """The header fields that the answer must carry beside the problem body."""
        return {}


class BadRequest(AppError):
    code = "bad_request"
    detail = "The request is malformed."


class Unauthenticated(AppError):
    """Nobody good stands behind the request. Every cause looks alike from outside."""

    code = "unauthenticated"
    detail = "A valid access token is required."


class Forbidden(AppError):
    code = "forbidden"
    detail = "You may not do this."


class NotFound(AppError):
    code = "not_found"
    detail = "There is nothing here, or nothing that you may see."


class Conflict(AppError):
    code = "conflict"
    detail = "The request conflicts with the present state."


class PreconditionFailed(AppError):
    code = "precondition_failed"
    detail = "The resource has changed since you read it."


class TooLarge(AppError):
    code = "too_large"
    detail = "The request body is too large."


class Invalid(AppError):
    """One member of the request breaks a rule that its schema cannot state. `pointer` names it.

    Unlike with any other kind, the text that it is raised with is for the caller: it says what to do better.
    """

    code = "invalid"
    detail = "The request is not valid; see errors."
    pointer: ClassVar[str] = "/body"


class TooManyRequests(AppError):
    """Right in itself, but too often. Trying again after `retry_after` seconds is right."""

    code = "too_many_requests"
    detail = "Too many requests; try again later."
    retry_after: ClassVar[int] = 60

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Unavailable(AppError):
    """A part that is needed to answer does not answer. Trying again after `retry_after` seconds is right."""

    code = "unavailable"
    detail = "The service cannot answer at the moment; try again shortly."
    retry_after: ClassVar[int] = 1

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}
