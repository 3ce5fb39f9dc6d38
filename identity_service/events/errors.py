"""What the transmitter refuses."""

from typing import ClassVar

from watchword.errors import BadRequest, Conflict, NotFound, TooManyRequests


class StreamNotFound(NotFound):
    """Also for another client's stream: it does not exist for this one."""

    code = "stream_not_found"
    detail = "You have no such stream."


class StreamExists(Conflict):
    code = "stream_exists"
    detail = "You have a stream already; change it, or delete it first."


class NotSupplied(BadRequest):
    """SSF 1.0 section 8.1.1.3: what the transmitter supplies must match where a receiver sends it along."""

    code = "transmitter_supplied"
    detail = "A member that we supply does not have the value that we gave it."


class UnusableEndpoint(BadRequest):
    code = "unusable_endpoint"
    detail = "Push needs an https endpoint_url without credentials or fragment; poll takes none."


class VerifiedTooOften(TooManyRequests):
    code = "verified_too_often"
    detail = "This stream was verified a moment ago."
    retry_after: ClassVar[int] = 1
