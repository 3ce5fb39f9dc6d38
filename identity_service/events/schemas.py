"""Streams in JSON, as SSF 1.0 section 8 and RFC 8936 section 2 define them (both say to ignore unknown members), and
which services obey an act."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from identity_service.events.models import Delivery, StreamStatus
from watchword.http.fields import Text

# A header field's value (RFC 9110 section 5.5) without its obsolete bytes. To pydantic, as to ECMA-262, `$` is the end
# of the whole text: no line feed passes.
_FIELD_VALUE: Final = r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$"

_SESSION_REVOKED: Final = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
_JTI: Final = "0199a3c1-e5f0-7d6b-8a2e-3f1c5b7d9e10"
_SET: Final = "eyJhbGciOiJSUzI1NiIsInR5cCI6InNlY2V2ZW50K2p3dCJ9.eyJqdGkiOiIwMTk5In0.c2lnbmF0dXJl"

Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
ShortText = Annotated[Text, StringConstraints(max_length=500)]
Description = Annotated[ShortText, Field(examples=["Sign-outs for the notes"])]
Reason = Annotated[ShortText, Field(examples=["Maintenance until six"])]
EventTypes = Annotated[list[Text], Field(max_length=64, examples=[[_SESSION_REVOKED]])]


_Absent = SkipJsonSchema[None]
"""Null stands for a member that the answer leaves out."""

StreamId = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
"""The id of a stream as a receiver writes it. One that is no UUID is the id of no stream: 404, not 400."""


class DeliveryDraft(BaseModel):
    """How to deliver. `endpoint_url` and `authorization_header` are for push; the transmitter supplies poll's URL."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"method": Delivery.POLL}]})

    method: Delivery = Delivery.POLL
    endpoint_url: Annotated[Text, StringConstraints(max_length=2_000)] | None = None
    authorization_header: Annotated[str, StringConstraints(max_length=4_000, pattern=_FIELD_VALUE)] | None = None


class StreamMembers(BaseModel):
    """What a receiver says of its stream; without `events_requested` it gets every supported event."""

    delivery: DeliveryDraft = DeliveryDraft()
    events_requested: EventTypes | None = None
    description: Description | None = None


class StreamDraft(StreamMembers):
    """A stream to be made. With an `inactivity_timeout` it is that of a single process, of which a client may have
    several: it lapses after so many seconds without a poll."""

    inactivity_timeout: Annotated[StrictInt, Field(ge=5, le=3_600, description="In seconds", examples=[60])] | None = (
        None
    )


class StreamReplacement(StreamMembers):
    """A whole stream. Members left out are reset; members that the transmitter supplies must be unchanged if sent."""

    stream_id: StreamId
    model_config = ConfigDict(extra="allow")


class StreamChanges(BaseModel):
    """Members to change. Members that the transmitter supplies must be unchanged if sent."""

    model_config = ConfigDict(extra="allow")

    stream_id: StreamId
    delivery: DeliveryDraft | None = None
    events_requested: EventTypes | None = None
    description: Description | None = None


class StatusChange(BaseModel):
    stream_id: StreamId
    status: StreamStatus
    reason: Reason | None = None


class VerificationRequest(BaseModel):
    stream_id: StreamId
    state: Annotated[Text, StringConstraints(max_length=1_000), Field(examples=["tuesday-1"])] | None = None


class SetError(BaseModel):
    """Why a receiver cannot take an event (RFC 8935 section 2.4)."""

    err: Annotated[Text, StringConstraints(max_length=100), Field(examples=["invalid_key"])]
    description: Annotated[Text, StringConstraints(max_length=2_000), Field(examples=["The key is not known"])] = ""


class PollRequest(BaseModel):
    """RFC 8936 section 2.2; every member may be absent."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={"examples": [{"maxEvents": 100, "returnImmediately": True, "ack": [_JTI]}]},
    )

    max_events: StrictInt | None = Field(None, ge=0, alias="maxEvents")
    return_immediately: StrictBool = Field(False, alias="returnImmediately")
    ack: list[Text] = Field([], max_length=10_000)
    set_errors: dict[Text, SetError] = Field({}, alias="setErrs", max_length=10_000)


class PollAnswer(BaseModel):
    """RFC 8936 section 2.3, and the time of the answer."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
        json_schema_extra={"examples": [{"sets": {_JTI: _SET}, "moreAvailable": False, "sent_at": 1_767_225_600.25}]},
    )

    sets: dict[str, str]
    more_available: bool = Field(False, alias="moreAvailable")
    sent_at: float = Field(
        description="The transmitter's time, in seconds since 1970; a member of our own", examples=[1_767_225_600.25]
    )


class DeliveryRead(BaseModel):
    """How events are delivered: to the receiver's URL by push, at the transmitter's by poll."""

    method: Delivery = Field(examples=[Delivery.POLL])
    endpoint_url: Url = Field(examples=[f"http://localhost:8001/ssf/streams/{_JTI}/poll"])


class StreamRead(BaseModel):
    """SSF 1.0 section 8.1.1."""

    stream_id: UUID
    iss: Url
    aud: str = Field(description="The id of the client that receives the stream", examples=["posts"])
    delivery: DeliveryRead
    events_supported: list[str] = Field(examples=[[_SESSION_REVOKED]])
    events_requested: list[str] = Field(examples=[[_SESSION_REVOKED]])
    events_delivered: list[str] = Field(examples=[[_SESSION_REVOKED]])
    min_verification_interval: int = Field(description="In seconds", examples=[1])
    inactivity_timeout: int | _Absent = Field(
        None, description="The stream lapses after so many seconds without a poll", examples=[60]
    )
    description: str | _Absent = Field(None, examples=["Sign-outs for the notes"])


class StatusRead(BaseModel):
    """SSF 1.0 section 8.1.2."""

    stream_id: UUID
    status: Literal["enabled", "paused", "disabled"]
    reason: str | _Absent = Field(None, examples=["Maintenance until six"])


class AuthorizationScheme(BaseModel):
    spec_urn: str = Field(examples=["urn:ietf:rfc:6749"])


class TransmitterConfiguration(BaseModel):
    """SSF 1.0 section 7.1."""

    spec_version: str = Field(examples=["1_0"])
    issuer: Url
    jwks_uri: Url
    delivery_methods_supported: list[Delivery]
    configuration_endpoint: Url
    status_endpoint: Url
    verification_endpoint: Url
    authorization_schemes: list[AuthorizationScheme]
    default_subjects: Literal["ALL", "NONE"]


@dataclass(frozen=True, slots=True)
class ObedientService:
    """A service that obeys: no process of it accepts a revoked token any more."""

    service: Annotated[str, Field(examples=["posts"])]
    after_ms: Annotated[int, Field(description="Milliseconds from the act to its obedience", examples=[38])]


@dataclass(frozen=True, slots=True)
class ObedienceRead:
    """Which services obey an act, and which had not confirmed it when the wait was over."""

    obeyed: list[ObedientService]
    outstanding: Annotated[list[str], Field(examples=[["feeds"]])]
