"""/oauth/token and the metadata."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from identity_service.clients import service as clients
from identity_service.dependencies import NowDep, PartsDep, device_of
from identity_service.oauth import introspect, metadata, revoke
from identity_service.oauth.errors import NO_STORE, UnsupportedGrantType
from identity_service.oauth.grants import client_credentials, password, refresh_token
from identity_service.oauth.request import read_credentials, read_form
from watchword.auth import public

router = APIRouter(tags=["oauth"])

# The form is read by our own code, which answers as RFC 6749 says; this is for the reader of the documentation.
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": list(metadata.GRANTS)},
                        "username": {"type": "string", "description": "or the e-mail address; with `password`"},
                        "password": {"type": "string", "format": "password"},
                        "refresh_token": {"type": "string"},
                        "scope": {"type": "string", "description": "separated by blanks; default: all"},
                        "resource": {"type": "string", "description": "an audience to narrow to (RFC 8707)"},
                        "client_id": {"type": "string", "default": "web"},
                        "client_secret": {"type": "string", "format": "password"},
                    },
                }
            }
        },
    }
}

_OAUTH_ERROR: Final[dict[str, Any]] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
        }
    }
}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "RFC 6749 section 5.2", "content": _OAUTH_ERROR},
    401: {"description": "The client is not known", "content": _OAUTH_ERROR},
}
_TOKEN_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["token"],
                    "properties": {
                        "token": {"type": "string"},
                        "token_type_hint": {"type": "string", "enum": ["access_token", "refresh_token"]},
                        "client_id": {"type": "string", "default": "web"},
                        "client_secret": {"type": "string", "format": "password"},
                    },
                }
            }
        },
    }
}


@router.post(
    metadata.ENDPOINT,
    summary="Get tokens",
    openapi_extra=_FORM,
    responses=_REFUSALS,
)
@public
async def issue_token(request: Request, parts: PartsDep, now: NowDep) -> Response:
    """Sign in, refresh, or get a token for a service (RFC 6749)."""
    form = await read_form(request)
    grant_type = form.get("grant_type")
    if grant_type not in metadata.offered_grants(parts.settings.password_grant):
        raise UnsupportedGrantType(grant_type[:64])
    client = await clients.authenticate(parts.database, read_credentials(request, form), grant_type)
    if grant_type == "password":
        answer = await password.answer(
            parts.database,
            parts.passwords,
            parts.sign_ins,
            parts.issuer,
            parts.lifetimes,
            client,
            form,
            device_of(request),
            now,
        )
    elif grant_type == "refresh_token":
        answer = await refresh_token.refresh(
            parts.database, parts.recorder, parts.issuer, parts.lifetimes, client, form, now
        )
    else:
        answer = client_credentials.issue(parts.issuer, client, form, now)
    return JSONResponse(answer.as_json(), headers=NO_STORE)


@router.post(metadata.REVOCATION, summary="Revoke a token (RFC 7009)", openapi_extra=_TOKEN_FORM, responses=_REFUSALS)
@public
async def revoke_token(request: Request, parts: PartsDep, now: NowDep) -> Response:
    """End the session that a refresh token or an access token of this client belongs to."""
    form = await read_form(request)
    client = await clients.identify(parts.database, read_credentials(request, form))
    await revoke.revoke(parts.database, parts.recorder, parts.issuer, client, form.get("token"), now)
    return Response(headers=NO_STORE)


@router.post(
    metadata.INTROSPECTION, summary="Ask about a token (RFC 7662)", openapi_extra=_TOKEN_FORM, responses=_REFUSALS
)
@public
async def introspect_token(request: Request, parts: PartsDep, now: NowDep) -> Response:
    """Whether a token is good at this moment, and what it says; for clients with the scope `introspect`."""
    form = await read_form(request)
    client = await clients.identify(parts.database, read_credentials(request, form))
    found = await introspect.introspect(parts.database, parts.issuer, client, form.get("token"), now)
    return JSONResponse(found, headers=NO_STORE)


@router.get("/.well-known/oauth-authorization-server", summary="What this server offers (RFC 8414)")
@public
async def read_metadata(parts: PartsDep) -> dict[str, Any]:
    """Endpoints, grants and ways of client authentication."""
    return metadata.describe(parts.settings.issuer, parts.settings.password_grant)
