"""The refusals of the transmitter."""

from typing import ClassVar, Final

from watchword.errors import BadRequest, Conflict, NotFound, TooManyRequests

MAX_STREAMS: Final = 64
"""How many streams a client may have, lapsed ones not counted."""


class StreamNotFound(NotFound):
    """The stream does not exist, or belongs to another client."""

    code = "stream_not_found"
    detail = "You have no such stream."


class StreamExists(Conflict):
    code = "stream_exists"
    detail = (
        "You have a stream already; change it, or delete it first. A stream with an inactivity_timeout may be one of"
        " several."
    )


class TooManyStreams(Conflict):
    code = "too_many_streams"
    detail = f"You have as many streams as a client may have, which is {MAX_STREAMS}: delete one, or let one lapse."


class LapsingStreamPushed(BadRequest):
    """Nobody polls a stream that is pushed, so it would lapse at once (SSF 1.0 section 8.1.1, `inactivity_timeout`)."""

    code = "lapsing_stream_pushed"
    detail = "A stream with an inactivity_timeout must be polled."


class NotSupplied(BadRequest):
    """A receiver sent back a member that the transmitter supplies, with another value (SSF 1.0 section 8.1.1.3)."""

    code = "transmitter_supplied"
    detail = "A member that the transmitter supplies does not have the value that it was given."


class UnusableEndpoint(BadRequest):
    code = "unusable_endpoint"
    detail = (
        "Push needs an https endpoint_url without credentials or fragment, at an address that this transmitter calls;"
        " poll takes none."
    )


class VerifiedTooOften(TooManyRequests):
    code = "verified_too_often"
    detail = "This stream was verified a moment ago."
    retry_after: ClassVar[int] = 1
