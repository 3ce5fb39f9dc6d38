"""The signing keys, and what seals them. Looking at them asks for a fresh sign-in, too, as it does over HTTP."""

from typing import Annotated, Final

from fastapi import Depends
from starlette.responses import Response

from identity_service.admin.key_schemas import SealingRead, SigningKeyPage, SigningKeyRead
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.dependencies import FreshAdminRequestDep, sent
from identity_service.pages.admin.forms import Repeating
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from identity_service.pages.errors import ConfirmationWrong
from identity_service.pages.forms import NOTHING, Button, Form
from watchword.auth import public
from watchword.http.fields import Text

KEYS: Final = "/admin/ui/keys"
REPEATED: Final = 8
"""How many characters of its id a person enters to withdraw a key."""

router = admin_pages("/keys")

ButtonForm = Annotated[Form[Button], Depends(sent(Button))]
WithdrawalForm = Annotated[Form[Repeating], Depends(sent(Repeating))]


@router.get("")
@public
async def list_keys(admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    cursor = admin.cursor()
    page = SigningKeyPage.of(await parts.admin.key_views.read_page(cursor, PAGE_LENGTH))
    is_later_page, next_path = cursor is not None, admin.next_path(page.next)
    return admin.page("keys.html", "keys", items=page.items, next_path=next_path, is_later_page=is_later_page)


# The id of a key is longer than the names of these acts.
@router.get("/rotate")
@public
async def show_rotate(admin: FreshAdminRequestDep) -> Response:
    return admin.page("key_act.html", "key_rotate")


@router.post("/rotate")
@public
async def rotate(admin: FreshAdminRequestDep, _: ButtonForm, parts: PartsDep) -> Response:
    made = await parts.admin.key_rotation.rotate(admin.cause)
    return admin.go(f"{KEYS}/{made.kid}", "made")


@router.get("/seal")
@public
async def show_seal(admin: FreshAdminRequestDep) -> Response:
    return admin.page("key_act.html", "key_seal")


@router.post("/seal")
@public
async def seal(admin: FreshAdminRequestDep, _: ButtonForm, parts: PartsDep) -> Response:
    """The answer says how much was sealed: doing it again does no harm, and seals nothing."""
    sealing = SealingRead.of(await parts.admin.sealing_anew.seal(admin.cause))
    return admin.page("keys_sealed.html", "keys_sealed", sealing=sealing)


@router.get("/{kid}")
@public
async def show_key(kid: Text, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    key = SigningKeyRead.of(await parts.admin.key_views.get(kid))
    return admin.page("key.html", "key", key=key, obedience=await admin.obedience_of(kid))


@router.get("/{kid}/withdraw")
@public
async def show_withdraw(kid: Text, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return await _withdraw_page(kid, admin, parts, admin.typed(Repeating, NOTHING))


@router.post("/{kid}/withdraw")
@public
async def withdraw(kid: Text, admin: FreshAdminRequestDep, form: WithdrawalForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            form.model.ensure_repeats(kid[:REPEATED])
            withdrawn = await parts.admin.key_withdrawal.withdraw(kid, admin.cause)
            return await admin.go_after(withdrawn.act, f"{KEYS}/{kid}")
    except ConfirmationWrong as error:
        form = form.with_flaw("repeated", error)
    return await _withdraw_page(kid, admin, parts, form)


async def _withdraw_page(kid: str, admin: FreshAdminRequestDep, parts: PartsDep, form: Form[Repeating]) -> Response:
    key = SigningKeyRead.of(await parts.admin.key_views.get(kid))
    return admin.page("key_withdraw.html", "key_withdraw", form, key=key, beginning=kid[:REPEATED])
