"""Requests for the pages of keys, streams and jobs."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from identity_service.admin.stream_schemas import stream_tag
from tests.admin.operation_requests import make_dead_job, present_stream
from tests.admin_pages.prepared import Prepare, Prepared, nothing
from tests.support.services import Identity

KEY: Final = "/admin/ui/keys/{kid}"
STREAM: Final = "/admin/ui/streams/{stream_id}"
JOB: Final = "/admin/ui/jobs/{job_id}"


async def key_that_signs(identity: Identity) -> Prepared:
    kid = identity.parts.keyring.signer().kid
    return Prepared({"kid": kid}, {"repeated": kid[:8]})


async def etag_of(identity: Identity, stream_id: str) -> str:
    """The entity tag of this stream, as a page that shows it has it."""
    return stream_tag(await identity.parts.admin.streams.get(UUID(stream_id)))


async def pausing(identity: Identity) -> Prepared:
    stream_id = (await present_stream(identity)).path["stream_id"]
    path = {"stream_id": stream_id, "act": "pause"}
    return Prepared(path, {"etag": await etag_of(identity, stream_id)})


async def dead_job(identity: Identity) -> Prepared:
    return Prepared({"job_id": str(await make_dead_job(identity))})


OPERATION: Final[Mapping[str, Prepare]] = {
    "GET /admin/ui/keys": nothing,
    "GET /admin/ui/keys/rotate": nothing,
    "POST /admin/ui/keys/rotate": nothing,
    "GET /admin/ui/keys/seal": nothing,
    "POST /admin/ui/keys/seal": nothing,
    f"GET {KEY}": key_that_signs,
    f"GET {KEY}/withdraw": key_that_signs,
    f"POST {KEY}/withdraw": key_that_signs,
    "GET /admin/ui/streams": nothing,
    f"GET {STREAM}": pausing,
    f"GET {STREAM}/{{act}}": pausing,
    f"POST {STREAM}/{{act}}": pausing,
    "GET /admin/ui/jobs": nothing,
    f"GET {JOB}/retry": dead_job,
    f"POST {JOB}/retry": dead_job,
}
