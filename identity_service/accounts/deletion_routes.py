"""GET /account-deletions/{receipt}."""

from uuid import UUID

from fastapi import APIRouter, Depends

from identity_service.accounts.deletions import Erasure
from identity_service.caching import forbid_caching
from identity_service.dependencies import PartsDep
from watchword.auth import public

router = APIRouter(tags=["users"], dependencies=[Depends(forbid_caching)])


@router.get("/account-deletions/{receipt}", summary="Watch an account's erasure")
@public
async def watch_deletion(receipt: UUID, parts: PartsDep) -> Erasure:
    """The services that must erase their data of a deleted account, and when each has confirmed it."""
    return await parts.erasures.get(receipt)
