"""GET /.well-known/jwks.json (RFC 7517)."""

from hashlib import sha256
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from identity_service.dependencies import PartsDep
from identity_service.errors import NoSigningKey
from identity_service.keys.schemas import JwkSet
from watchword.auth import public
from watchword.errors import PreconditionFailed
from watchword.http import Preconditions
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

PATH: Final = "/.well-known/jwks.json"

router = APIRouter(tags=["keys"])


class JwkSetResponse(JSONResponse):
    media_type = "application/jwk-set+json"


@router.get(
    PATH,
    operation_id="keys_read",
    summary="The verification keys",
    response_class=JwkSetResponse,
    response_model=JwkSet,
    responses=answer(200, "ETag") | unchanged("ETag") | refusals(PreconditionFailed, NoSigningKey),
    openapi_extra=READ_CONDITIONS,
)
@public
async def read_jwks(request: Request, parts: PartsDep) -> Response:
    """Every key whose tokens may still be valid, and the next one before it signs."""
    keys = parts.keyring.published()
    if not keys:
        # A cache would keep an empty list, and verifiers would drop the keys that they have.
        raise NoSigningKey("no key is published")
    body = orjson.dumps({"keys": [key.as_jwk() for key in keys]})
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={parts.settings.jwks_max_age_seconds}"}
    preconditions = Preconditions.of(request.headers)
    preconditions.ensure_readable(etag)
    if preconditions.is_unchanged(etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JwkSetResponse.media_type)
