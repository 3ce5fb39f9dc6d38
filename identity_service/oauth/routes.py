"""The OAuth endpoints and their metadata."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from identity_service.caching import forbid_caching
from identity_service.dependencies import OAuthRequestDep, PartsDep
from identity_service.oauth import documentation, metadata
from identity_service.oauth.errors import translate_errors
from watchword.auth import public

router = APIRouter(tags=["oauth"])
endpoints = APIRouter(dependencies=[Depends(translate_errors), Depends(forbid_caching)], responses=documentation.ERRORS)


@endpoints.post(metadata.ENDPOINT, summary="Get tokens", openapi_extra=documentation.TOKEN_REQUEST)
@public
async def issue_token(request: OAuthRequestDep, parts: PartsDep) -> dict[str, Any]:
    """Sign in, refresh, or get a token for a service (RFC 6749)."""
    return (await parts.oauth.token.issue(request)).as_json()


@endpoints.post(
    metadata.REVOCATION,
    summary="Revoke a token (RFC 7009)",
    openapi_extra=documentation.TOKEN,
    response_class=Response,
)
@public
async def revoke_token(request: OAuthRequestDep, parts: PartsDep) -> None:
    """End the session that a refresh token or an access token of this client belongs to."""
    await parts.oauth.revocation.revoke(request)


@endpoints.post(metadata.INTROSPECTION, summary="Ask about a token (RFC 7662)", openapi_extra=documentation.TOKEN)
@public
async def introspect_token(request: OAuthRequestDep, parts: PartsDep) -> dict[str, Any]:
    """Whether a token is valid now, and what it says; for clients with the scope `introspect`."""
    return await parts.oauth.introspection.introspect(request)


@router.get("/.well-known/oauth-authorization-server", summary="What this server offers (RFC 8414)")
@public
async def read_metadata(parts: PartsDep) -> dict[str, Any]:
    """Endpoints, grants and ways of client authentication."""
    return metadata.describe(parts.settings.issuer, parts.oauth.token.grant_types)


router.include_router(endpoints)
