"""The Shared Signals transmitter over HTTP: discovery, streams, polling; and the receipt of a deletion."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from identity_service.dependencies import DatabaseDep, NowDep, PartsDep, Scope
from identity_service.events import poll as delivery
from identity_service.events import streams as transmitter
from identity_service.events.errors import NotSupplied
from identity_service.events.models import Delivery, Stream
from identity_service.events.schemas import (
    Poll,
    PollAnswer,
    StatusRead,
    StatusWanted,
    StreamChanges,
    StreamRead,
    StreamReplacement,
    StreamWanted,
    VerificationWanted,
)
from identity_service.parts import Parts
from identity_service.users import deletions
from watchword.auth import Principal, public, requires
from watchword.events.types import SUPPORTED

NO_STORE: Final = {"Cache-Control": "no-store"}
_SUPPLIED: Final = ("iss", "aud", "events_supported", "events_delivered", "min_verification_interval")

Manager = Annotated[Principal, Depends(requires(Scope.SSF_MANAGE))]
ReceiverReader = Annotated[Principal, Depends(requires(Scope.SSF_READ))]

router = APIRouter(tags=["security events"])


@router.get("/.well-known/ssf-configuration", summary="What this transmitter offers (SSF 1.0 section 7)")
@public
async def read_configuration(parts: PartsDep) -> dict[str, Any]:
    """Endpoints, ways of delivery and of authorization."""
    issuer = parts.settings.issuer
    return {
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "delivery_methods_supported": [Delivery.PUSH, Delivery.POLL],
        "configuration_endpoint": f"{issuer}/ssf/streams",
        "status_endpoint": f"{issuer}/ssf/streams/status",
        "verification_endpoint": f"{issuer}/ssf/streams/verify",
        "authorization_schemes": [{"spec_urn": "urn:ietf:rfc:6749"}],
        "default_subjects": "ALL",
    }


@router.post("/ssf/streams", status_code=201, response_model=StreamRead, response_model_exclude_none=True)
async def create_stream(
    caller: Manager, parts: PartsDep, response: Response, wanted: StreamWanted | None = None
) -> StreamRead:
    """Make your stream; without a body one to poll, with every event."""
    stream = await transmitter.create(parts.database, parts.sealer, caller.client_id, wanted or StreamWanted())
    response.headers.update(NO_STORE)
    return _read(parts, stream)


@router.get("/ssf/streams", response_model=StreamRead | list[StreamRead], response_model_exclude_none=True)
async def read_streams(
    caller: ReceiverReader,
    parts: PartsDep,
    response: Response,
    stream_id: Annotated[UUID | None, Query(description="One stream; without it the list of yours")] = None,
) -> StreamRead | list[StreamRead]:
    """Your stream, or the list of your streams."""
    response.headers.update(NO_STORE)
    if stream_id is not None:
        return _read(parts, await transmitter.get(parts.database, caller.client_id, stream_id))
    return [_read(parts, stream) for stream in await transmitter.list_streams(parts.database, caller.client_id)]


@router.patch("/ssf/streams", response_model=StreamRead, response_model_exclude_none=True)
async def change_stream(caller: Manager, parts: PartsDep, response: Response, changes: StreamChanges) -> StreamRead:
    """Change the members that you send."""
    await _ensure_supplied(parts, caller.client_id, changes)
    response.headers.update(NO_STORE)
    return _read(parts, await transmitter.change(parts.database, parts.sealer, caller.client_id, changes))


@router.put("/ssf/streams", response_model=StreamRead, response_model_exclude_none=True)
async def replace_stream(caller: Manager, parts: PartsDep, response: Response, wanted: StreamReplacement) -> StreamRead:
    """Replace it whole; what you leave out is deleted."""
    await _ensure_supplied(parts, caller.client_id, wanted)
    response.headers.update(NO_STORE)
    replaced = await transmitter.replace(parts.database, parts.sealer, caller.client_id, wanted.stream_id, wanted)
    return _read(parts, replaced)


@router.delete("/ssf/streams", status_code=204)
async def delete_stream(caller: Manager, database: DatabaseDep, stream_id: UUID) -> None:
    """Delete it with everything that waits in it."""
    await transmitter.delete(database, caller.client_id, stream_id)


@router.get("/ssf/streams/status", response_model=StatusRead, response_model_exclude_none=True)
async def read_status(caller: ReceiverReader, database: DatabaseDep, response: Response, stream_id: UUID) -> StatusRead:
    """Whether it is enabled, paused or disabled."""
    response.headers.update(NO_STORE)
    return _status(await transmitter.get(database, caller.client_id, stream_id))


@router.post("/ssf/streams/status", response_model=StatusRead, response_model_exclude_none=True)
async def set_status(caller: Manager, database: DatabaseDep, response: Response, wanted: StatusWanted) -> StatusRead:
    """Pause keeps events for later; disable drops them."""
    response.headers.update(NO_STORE)
    return _status(await transmitter.set_status(database, caller.client_id, wanted))


@router.post("/ssf/streams/verify", status_code=204)
async def verify_stream(caller: Manager, database: DatabaseDep, wanted: VerificationWanted, now: NowDep) -> None:
    """Have a verification event sent through it."""
    await transmitter.verify(database, caller.client_id, wanted.stream_id, wanted.state, now)


@router.post("/ssf/streams/{stream_id}/poll", response_model=PollAnswer)
async def poll_stream(caller: ReceiverReader, parts: PartsDep, stream_id: UUID, asked: Poll) -> Response:
    """Acknowledge what you have dealt with, and get what waits (RFC 8936)."""
    answer = await delivery.poll(
        parts.database,
        parts.minter,
        parts.doorbell,
        parts.clock,
        caller.client_id,
        stream_id,
        asked,
        parts.settings.long_poll_seconds,
    )
    return Response(answer.model_dump_json(by_alias=True), headers=NO_STORE, media_type="application/json")


@router.get("/account-deletions/{receipt}", summary="Watch an account's erasure")
@public
async def watch_deletion(receipt: UUID, database: DatabaseDep, response: Response) -> dict[str, Any]:
    """Which services were told that the account is gone, and when each has confirmed the erasure of what it kept."""
    deletion, told = await deletions.watch(database, receipt)
    response.headers.update(NO_STORE)
    services = [{"service": one.client_id, "confirmed_at": one.confirmed_at} for one in told]
    return {"deleted_at": deletion.deleted_at, "services": services}


def _read(parts: Parts, stream: Stream) -> StreamRead:
    url = stream.push_url or _poll_url(parts, stream)
    return StreamRead(
        stream_id=stream.id,
        iss=parts.settings.issuer,
        aud=stream.client_id,
        delivery={"method": stream.delivery_method, "endpoint_url": url},
        events_supported=list(SUPPORTED),
        events_requested=stream.events_requested,
        events_delivered=transmitter.delivered(stream),
        min_verification_interval=int(transmitter.MIN_VERIFICATION_INTERVAL.total_seconds()),
        description=stream.description,
    )


def _status(stream: Stream) -> StatusRead:
    return StatusRead.model_validate({"stream_id": stream.id, "status": stream.status, "reason": stream.status_reason})


async def _ensure_supplied(parts: Parts, client_id: str, sent: StreamChanges | StreamReplacement) -> None:
    """Members that are ours may be sent along, if they are as they are."""
    stream = await transmitter.get(parts.database, client_id, sent.stream_id)
    ours = _read(parts, stream).model_dump(mode="json")
    for name, value in (sent.model_extra or {}).items():
        if name in _SUPPLIED and value != ours[name]:
            raise NotSupplied(name)
    wanted = sent.delivery
    if (
        wanted is not None
        and wanted.method is Delivery.POLL
        and wanted.endpoint_url not in (None, _poll_url(parts, stream))
    ):
        raise NotSupplied("endpoint_url")


def _poll_url(parts: Parts, stream: Stream) -> str:
    return f"{parts.settings.issuer}/ssf/streams/{stream.id}/poll"
