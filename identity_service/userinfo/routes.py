"""GET and POST /oauth/userinfo."""

from fastapi import APIRouter

from identity_service.caching import UncachedJson
from identity_service.dependencies import OpenIdCaller, PartsDep
from identity_service.oauth import metadata
from identity_service.userinfo.schemas import UserInfoRead

router = APIRouter(tags=["oauth"])


@router.get(
    metadata.USERINFO,
    operation_id="oauth_userinfo",
    summary="Who signed in (OpenID Connect)",
    response_model=UserInfoRead,
    response_model_exclude_unset=True,
)
async def read_userinfo(caller: OpenIdCaller, parts: PartsDep) -> UncachedJson:
    """The claims about the person that the scopes of the token allow."""
    return UncachedJson(await parts.user_info.claims(caller.person_id(), caller.scopes))


@router.post(
    metadata.USERINFO,
    operation_id="oauth_userinfo_by_post",
    summary="Who signed in (OpenID Connect), by POST",
    response_model=UserInfoRead,
    response_model_exclude_unset=True,
)
async def read_userinfo_by_post(caller: OpenIdCaller, parts: PartsDep) -> UncachedJson:
    """The claims about the person that the scopes of the token allow. The token is in the Authorization header, and a
    body is not read."""
    return UncachedJson(await parts.user_info.claims(caller.person_id(), caller.scopes))
