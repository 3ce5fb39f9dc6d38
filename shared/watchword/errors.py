"""The kinds of refusal. A service subclasses a kind and says in its own words what is wrong."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Self


class AppError(Exception):
    """A refusal that the caller may see: `code` is stable, for programs; `detail` is text that is fit for strangers.

    `reason` is for the log alone and never leaves the process.
    """

    code: ClassVar[str] = "error"
    detail: ClassVar[str] = "The request was refused."

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason or self.detail)
        self.reason = reason

    @classmethod
    def example(cls) -> Self:
        """A refusal of this class, for the OpenAPI document. A class whose constructor needs arguments overrides it."""
        return cls()

    def headers(self) -> dict[str, str]:
        """The header fields that the response must have beside the problem document."""
        return {}


class BadRequest(AppError):
    code = "bad_request"
    detail = "The request is malformed."


class Unauthenticated(AppError):
    """The caller could not be authenticated. Every cause looks alike from outside."""

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


class PreconditionRequired(AppError):
    code = "precondition_required"
    detail = "Send If-Match with the ETag of what you have read, so that you overwrite no change of somebody else."


class TooLarge(AppError):
    code = "too_large"
    detail = "The request body is too large."


class Invalid(AppError):
    """One member of the request, named by `pointer`, breaks a rule that its schema cannot state.

    `advice` is shown to the caller in the place of `detail`, and says how to do better.
    """

    code = "invalid"
    detail = "The request is not valid; see errors."
    pointer: ClassVar[str] = "/body"

    def __init__(self, reason: str | None = None, *, advice: str | None = None) -> None:
        super().__init__(reason or advice)
        self.advice = advice or self.detail


class Fault(NamedTuple):
    """One thing that is wrong with a request: the member that it is about, a stable code, and a sentence."""

    pointer: str
    code: str
    detail: str

    @classmethod
    def of(cls, member: str, detail: str) -> "Fault":
        """A fault of this member of the body."""
        return cls(f"/body/{member}", Invalid.code, detail)


class Faulty(Invalid):
    """Several members of the request may break rules; each fault is an entry of `errors`."""

    def __init__(self, faults: Sequence[Fault], reason: str | None = None) -> None:
        advice = "\n".join(fault.detail for fault in faults)
        super().__init__(reason, advice=advice)
        self.faults = faults

    @classmethod
    def example(cls) -> Self:
        return cls([Fault(cls.pointer, cls.code, cls.detail)])


def ensure_faultless(faults: Sequence[Fault]) -> None:
    """Raise Faulty if there is a fault."""
    if faults:
        raise Faulty(faults)


class RetryLater:
    """A mixin for a refusal after which the same request may succeed, `retry_after` seconds later."""

    retry_after: ClassVar[int]

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class TooManyRequests(RetryLater, AppError):
    """A valid request that came too often."""

    code = "too_many_requests"
    detail = "Too many requests; try again later."
    retry_after: ClassVar[int] = 60


class Unavailable(RetryLater, AppError):
    """Something that is needed for the response does not answer."""

    code = "unavailable"
    detail = "The service cannot answer at the moment; try again shortly."
    retry_after: ClassVar[int] = 1
