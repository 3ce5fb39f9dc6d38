"""GET /.well-known/jwks.json (RFC 7517)."""

from hashlib import sha256

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from identity_service.dependencies import PartsDep
from identity_service.keys.schemas import JwkSet
from watchword.auth import public
from watchword.http.conditional import is_unchanged
from watchword.http.responses import IF_NONE_MATCH, answer, unchanged

router = APIRouter(tags=["keys"])


class JwkSetResponse(JSONResponse):
    media_type = "application/jwk-set+json"


@router.get(
    "/.well-known/jwks.json",
    operation_id="keys_read",
    summary="The verification keys",
    response_class=JwkSetResponse,
    response_model=JwkSet,
    responses=answer(200, "ETag") | unchanged("ETag"),
    openapi_extra={"parameters": [IF_NONE_MATCH]},
)
@public
async def read_jwks(request: Request, parts: PartsDep) -> Response:
    """Every key whose tokens may still be valid, and the next one before it signs."""
    body = orjson.dumps({"keys": [key.as_jwk() for key in parts.keyring.published()]})
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={parts.settings.jwks_max_age_seconds}"}
    if is_unchanged(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JwkSetResponse.media_type)
