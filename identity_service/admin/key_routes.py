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
    """A `kid` in a path. `seal` is not one: `/admin/keys/seal` is an operation, and a GET or a DELETE there is 405."""

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
    """The keys whose tokens may still be valid, and those that were withdrawn after the latest key was made. The key
    that signs last comes first."""
    page = SigningKeyPage.of(await parts.admin.key_views.read_page(cursor, limit))
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
    key = SigningKeyRead.of(await parts.admin.key_views.get(kid))
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
    """Make a key, which signs as soon as every cached list of keys has it. Until their last token has expired, the keys
    from before it stay valid: nobody is signed out."""
    made = await parts.admin.key_rotation.rotate(cause)
    key = SigningKeyRead.of(await parts.admin.key_views.get(made.kid))
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
    """From now on, every service refuses what this key has signed, even if a cached list of keys still has it. Another
    key signs at once. People with tokens of this key must sign in again; so must you, if yours is one of them."""
    withdrawn = await parts.admin.key_withdrawal.withdraw(kid, cause)
    return KeyWithdrawalRead.of(withdrawn, await wait.answer(withdrawn.act))


@router.post(
    "/seal",
    operation_id="admin_keys_seal",
    summary="Seal everything under the present key-encryption key",
    dependencies=[FRESH_SIGN_IN],
    responses=refusals(CannotUnseal, InsufficientUserAuthentication, DatabaseUnavailable),
)
async def seal_keys(cause: AdminCause, parts: PartsDep) -> SealingRead:
    """Seal (encrypt) under `IDENTITY_KEY_ENCRYPTION_KEY` everything that the tables hold sealed: signing keys, the key
    of digests, the `Authorization` of pushes, and letters. From then on every process seals under that key, so every
    process must have it beforehand. This can be repeated: values that are sealed under it already stay as they are, and
    are not counted.
    """
    return SealingRead.of(await parts.admin.sealing_anew.seal(cause))
