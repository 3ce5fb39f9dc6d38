"""GET /account-deletions/{receipt}."""

from uuid import UUID

from fastapi import APIRouter, Depends

from identity_service.accounts.deletions import Erasure
from identity_service.caching import forbid_caching
from identity_service.dependencies import PartsDep
from identity_service.errors import DeletionNotFound
from watchword.auth import public
from watchword.database.errors import DatabaseUnavailable
from watchword.http.responses import refusals

router = APIRouter(tags=["users"], dependencies=[Depends(forbid_caching)])


@router.get(
    "/account-deletions/{receipt}",
    operation_id="account_deletions_read",
    summary="Watch an account's erasure",
    responses=refusals(DeletionNotFound, DatabaseUnavailable),
)
@public
async def watch_deletion(receipt: UUID, parts: PartsDep) -> Erasure:
    """The services that must erase their data of a deleted account, and when each has confirmed it."""
    return await parts.erasures.get(receipt)
