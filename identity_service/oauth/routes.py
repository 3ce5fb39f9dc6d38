"""The OAuth endpoints and their metadata."""

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Response

from identity_service.caching import UncachedJson, forbid_caching
from identity_service.dependencies import OAuthRequestDep, PartsDep, PreferredWaitDep
from identity_service.errors import HashingBusy, NoSigningKey
from identity_service.events.schemas import ObedienceRead
from identity_service.oauth import documentation, metadata
from identity_service.oauth.documentation import oauth_refusals
from identity_service.oauth.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    SlowDown,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedTokenType,
    translated_errors,
)
from identity_service.oauth.schemas import DeviceAuthorizationRead, IntrospectionRead, ServerMetadata, TokenRead
from identity_service.obedience.documentation import PREFER_WAIT
from watchword.auth import public
from watchword.database.errors import DatabaseUnavailable
from watchword.http import HotRoute
from watchword.http.responses import refusals
from watchword.limits import LimitReached


class EmptyOrObedience(Response):
    """An answer without a body (RFC 7009 section 2.2), or in JSON what the caller has preferred to wait for."""

    def __init__(self, content: Any = None, status_code: int = 200, **options: Any) -> None:
        has_body = content is not None
        body = orjson.dumps(content) if has_body else b""
        super().__init__(body, status_code, media_type="application/json" if has_body else None, **options)


router = APIRouter(tags=["oauth"])
endpoints = APIRouter(route_class=HotRoute)


@endpoints.post(
    metadata.ENDPOINT,
    operation_id="oauth_token",
    summary="Get tokens",
    response_model=TokenRead,
    response_model_exclude_unset=True,
    responses=oauth_refusals(
        InvalidRequest,
        InvalidGrant,
        InvalidScope,
        InvalidTarget,
        UnauthorizedClient,
        UnsupportedGrantType,
        InvalidClient,
        AuthorizationPending,
        SlowDown,
        AccessDenied,
        ExpiredToken,
    )
    | refusals(LimitReached, HashingBusy, NoSigningKey, DatabaseUnavailable),
    openapi_extra=documentation.TOKEN_REQUEST,
)
@public
async def issue_token(request: OAuthRequestDep, parts: PartsDep) -> UncachedJson:
    """Sign in, refresh, or get a token for a service (RFC 6749)."""
    with translated_errors():
        return UncachedJson((await parts.oauth.token.issue(request)).as_json())


@endpoints.post(
    metadata.DEVICE_AUTHORIZATION,
    operation_id="oauth_device_authorization",
    summary="Ask for the codes of a device (RFC 8628)",
    response_model=DeviceAuthorizationRead,
    responses=oauth_refusals(InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient, InvalidClient)
    | refusals(LimitReached, DatabaseUnavailable),
    openapi_extra=documentation.DEVICE_REQUEST,
)
@public
async def authorize_device(request: OAuthRequestDep, parts: PartsDep) -> UncachedJson:
    """The device shows the user code and the address to a person, who allows it in a browser, and asks `/oauth/token`
    meanwhile."""
    with translated_errors():
        return UncachedJson(await parts.oauth.device_authorization.start(request))


@endpoints.post(
    metadata.REVOCATION,
    operation_id="oauth_revoke",
    summary="Revoke a token (RFC 7009)",
    dependencies=[Depends(forbid_caching)],
    response_class=EmptyOrObedience,
    response_model=None,
    responses=oauth_refusals(InvalidRequest, InvalidGrant, UnsupportedTokenType, InvalidClient)
    | refusals(DatabaseUnavailable)
    | documentation.REVOKED,
    openapi_extra=documentation.TOKEN | PREFER_WAIT,
)
@public
async def revoke_token(request: OAuthRequestDep, parts: PartsDep, wait: PreferredWaitDep) -> ObedienceRead | None:
    """End the session that a refresh token or an access token of this client belongs to."""
    with translated_errors():
        return await wait.answer(await parts.oauth.revocation.revoke(request))


@endpoints.post(
    metadata.INTROSPECTION,
    operation_id="oauth_introspect",
    summary="Ask about a token (RFC 7662)",
    response_model=IntrospectionRead,
    response_model_exclude_unset=True,
    responses=oauth_refusals(InvalidRequest, InvalidClient) | refusals(DatabaseUnavailable),
    openapi_extra=documentation.TOKEN,
)
@public
async def introspect_token(request: OAuthRequestDep, parts: PartsDep) -> UncachedJson:
    """Whether a token is valid now, and what it says; for clients with the scope `introspect`."""
    with translated_errors():
        return UncachedJson(await parts.oauth.introspection.introspect(request))


@router.get(
    metadata.SERVER,
    operation_id="oauth_metadata",
    summary="What this server offers (RFC 8414)",
    response_model=ServerMetadata,
)
@public
async def read_metadata(parts: PartsDep) -> dict[str, Any]:
    """Endpoints, grants and ways of client authentication."""
    return metadata.describe(parts.settings.issuer, parts.oauth.token.grant_types)


@router.get(
    metadata.PROVIDER,
    operation_id="openid_configuration",
    summary="What this server offers (OpenID Connect Discovery)",
    response_model=ServerMetadata,
)
@public
async def read_provider_metadata(parts: PartsDep) -> dict[str, Any]:
    """Endpoints, grants, scopes and claims: what RFC 8414 describes, at the address where clients of OpenID Connect
    look for it."""
    return metadata.describe(parts.settings.issuer, parts.oauth.token.grant_types)


router.include_router(endpoints)
