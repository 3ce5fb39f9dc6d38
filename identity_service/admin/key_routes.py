"""The signing keys, and what seals them."""

from fastapi import Request, Response
from starlette.convertors import StringConvertor, register_url_convertor

from identity_service.admin.answers import link_next, read_answer
from identity_service.admin.cursors import NameCursor
from identity_service.admin.key_schemas import KeyWithdrawalRead, SealingRead, SigningKeyPage, SigningKeyRead
from identity_service.admin.router import admin_router
from identity_service.admin.tags import entity_tag
from identity_service.dependencies import FRESH_SIGN_IN, AdminCause, PartsDep, PreferredWaitDep, ReadConditions
from identity_service.keys.sealing import CannotUnseal
from identity_service.keys.service import KeyNotFound
from identity_service.obedience.documentation import PREFER_WAIT
from watchword.auth import InsufficientUserAuthentication
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionFailed
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageLength
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = admin_router("/keys", tag="keys")


class _Kid(StringConvertor):
    """A `kid` in a path. `seal` is none: it is the path of an act, which has no method of a key."""

    regex = "(?!seal$)[^/]+"


register_url_convertor("kid", _Kid())


@router.get(
    "",
    operation_id="admin_keys_list",
    summary="List the signing keys",
    dependencies=[FRESH_SIGN_IN],
    responses=answer(200, "Link") | refusals(InvalidCursor, InsufficientUserAuthentication, DatabaseUnavailable),
)
async def list_keys(
    request: Request, response: Response, parts: PartsDep, limit: PageLength = 20, cursor: NameCursor = None
) -> SigningKeyPage:
    """Every key whose tokens may still be valid, and those that were withdrawn since the last one was made, the last to
    sign first."""
    page = SigningKeyPage.of(await parts.key_views.read_page(cursor, limit))
    link_next(page.next, request, response)
    return page


@router.get(
    "/{kid:kid}",
    operation_id="admin_keys_read",
    summary="Read a signing key",
    dependencies=[FRESH_SIGN_IN],
    response_model=SigningKeyRead,
    responses=answer(200, "ETag")
    | unchanged("ETag")
    | refusals(KeyNotFound, PreconditionFailed, InsufficientUserAuthentication, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_key(
    kid: str, conditions: ReadConditions, response: Response, parts: PartsDep
) -> SigningKeyRead | Response:
    """One key, without its private half."""
    key = SigningKeyRead.of(await parts.key_views.get(kid))
    return read_answer(key, entity_tag(key), conditions, response)


@router.post(
    "",
    operation_id="admin_keys_rotate",
    summary="Rotate the signing key",
    status_code=201,
    dependencies=[FRESH_SIGN_IN],
    responses=answer(201, "Location", "ETag")
    | refusals(CannotUnseal, InsufficientUserAuthentication, DatabaseUnavailable),
)
async def rotate_key(cause: AdminCause, response: Response, parts: PartsDep) -> SigningKeyRead:
    """Make a key that signs once every cached list of keys has it. The one that signs now verifies until its last token
    has expired, and nobody is signed out."""
    made = await parts.key_rotation.rotate(cause)
    key = SigningKeyRead.of(await parts.key_views.get(made.kid))
    response.headers["Location"] = f"{router.prefix}/{key.kid}"
    response.headers["ETag"] = entity_tag(key)
    return key


@router.delete(
    "/{kid:kid}",
    operation_id="admin_keys_withdraw",
    summary="Withdraw a signing key that has leaked",
    dependencies=[FRESH_SIGN_IN],
    responses=answer(200, "Preference-Applied")
    | refusals(KeyNotFound, CannotUnseal, InsufficientUserAuthentication, DatabaseUnavailable),
    openapi_extra=PREFER_WAIT,
)
async def withdraw_key(kid: str, cause: AdminCause, wait: PreferredWaitDep, parts: PartsDep) -> KeyWithdrawalRead:
    """Have every service refuse what the key has signed, from now on, and whatever a list of keys says. Another key
    signs at once. Who has tokens of the key signs in again, also you if yours is one of them."""
    withdrawn = await parts.key_withdrawal.withdraw(kid, cause)
    return KeyWithdrawalRead.of(withdrawn, await wait.answer(withdrawn.act))


@router.post(
    "/seal",
    operation_id="admin_keys_seal",
    summary="Seal everything anew",
    dependencies=[FRESH_SIGN_IN],
    responses=refusals(CannotUnseal, InsufficientUserAuthentication, DatabaseUnavailable),
)
async def seal_keys(cause: AdminCause, parts: PartsDep) -> SealingRead:
    """Seal what the tables hold under `IDENTITY_KEY_ENCRYPTION_KEY`: signing keys, the key of digests, what authorizes
    pushes, and letters. From then on every process seals under it, so that every process must have it before. What is
    sealed under it already is left as it is: doing this again answers 0, or what another process has sealed meanwhile.
    """
    return SealingRead.of(await parts.sealing_anew.seal(cause))
