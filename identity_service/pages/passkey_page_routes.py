"""The passkeys of an account on pages: adding one, for which a script asks the browser, and renaming and removing them,
which need none."""

from typing import NamedTuple
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.dependencies import (
    ButtonForm,
    DeviceDep,
    FreshSignOnDep,
    FromAddress,
    GoalDep,
    NewPasskeyForm,
    OurForms,
    PartsDep,
    PasskeyNameForm,
)
from identity_service.factor_acts.listing import FactorsOfUser
from identity_service.factor_acts.passkey_schemas import default_name
from identity_service.factors.code_errors import LastFactorRequired
from identity_service.factors.models import Passkey
from identity_service.factors.passkey_errors import (
    PasskeyNotFound,
    PasskeyRefused,
    PasskeysUnavailable,
    TooManyPasskeys,
)
from identity_service.pages.forms import NOTHING, Form, NewPasskey, PasskeyRenaming
from identity_service.pages.goals import Goal
from identity_service.pages.rendering import Pages, go, page_fields
from identity_service.pages.security import made_page, owner_of, removal_page
from identity_service.pages.security_paths import PASSKEYS, SecurityPaths
from identity_service.sign_ons.values import LiveSignOn
from watchword.auth import public

# Public, since no access token guards these pages: FreshSignOnDep does.
router = APIRouter(prefix=PASSKEYS, include_in_schema=False, dependencies=[OurForms, FromAddress])


class Entry(NamedTuple):
    """A passkey, and the paths of the pages that rename and remove it."""

    passkey: Passkey
    path: str
    removal_path: str


@router.get("")
@public
async def show_passkeys(sign_on: FreshSignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    return await _passkeys_page(parts, sign_on, goal)


@router.post("")
@public
async def add_passkey(
    sign_on: FreshSignOnDep, goal: GoalDep, form: NewPasskeyForm, device: DeviceDep, parts: PartsDep
) -> Response:
    try:
        if (new := form.model) is not None:
            name = new.passkey_name or default_name(device)
            addition = (await parts.factors.passkeys.add(owner_of(sign_on), new.credential, name)).addition
            if addition.recovery_codes:
                return made_page(parts.pages, goal, addition.recovery_codes, "passkey_added")
            return go(SecurityPaths.before(goal).with_notice("passkey-added"))
    except (PasskeyRefused, TooManyPasskeys) as error:
        form = form.with_flaw("passkey_name", error)
    return await _passkeys_page(parts, sign_on, goal, form)


@router.get("/{passkey_id}")
@public
async def show_passkey(passkey_id: UUID, sign_on: FreshSignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    passkey = _find(await parts.factors.list.of(sign_on.user_id), passkey_id)
    return _passkey_page(parts.pages, passkey_id, goal, Form({"passkey_name": passkey.name}))


@router.post("/{passkey_id}")
@public
async def rename_passkey(
    passkey_id: UUID, sign_on: FreshSignOnDep, goal: GoalDep, form: PasskeyNameForm, parts: PartsDep
) -> Response:
    if form.model is None:
        return _passkey_page(parts.pages, passkey_id, goal, form)
    await parts.factors.passkeys.rename(sign_on.user_id, passkey_id, form.model.passkey_name)
    return go(SecurityPaths.before(goal).with_notice("passkey-renamed"))


@router.get("/{passkey_id}/removal")
@public
async def show_removal(passkey_id: UUID, sign_on: FreshSignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    factors = await parts.factors.list.of(sign_on.user_id)
    passkey = _find(factors, passkey_id)
    path = goal.path_before(f"{PASSKEYS}/{passkey_id}/removal")
    return removal_page(parts.pages, goal, factors, "account_passkey_removal", path=path, passkey=passkey.name)


@router.post("/{passkey_id}/removal")
@public
async def remove_passkey(
    passkey_id: UUID, sign_on: FreshSignOnDep, goal: GoalDep, _: ButtonForm, parts: PartsDep
) -> Response:
    paths = SecurityPaths.before(goal)
    try:
        await parts.factors.passkeys.remove(owner_of(sign_on), passkey_id)
    except LastFactorRequired:
        return go(paths.with_notice("factor-needed"))
    return go(paths.with_notice("passkey-removed"))


def _find(factors: FactorsOfUser, passkey_id: UUID) -> Passkey:
    """Raises PasskeyNotFound."""
    passkey = next((passkey for passkey in factors.passkeys if passkey.id == passkey_id), None)
    if passkey is None:
        raise PasskeyNotFound
    return passkey


async def _passkeys_page(
    parts: PartsDep, sign_on: LiveSignOn, goal: Goal, form: Form[NewPasskey] = NOTHING
) -> Response:
    """The page with the form that a script of ours sends, unless the account has as many passkeys as it can."""
    paths = SecurityPaths.before(goal)
    try:
        options = await parts.factors.passkeys.options(sign_on.user_id)
    except TooManyPasskeys:
        options = None
    except PasskeysUnavailable:
        return go(paths.overview)
    factors = await parts.factors.list.of(sign_on.user_id)
    entries = [_entry(passkey, goal) for passkey in factors.passkeys]
    words = {"paths": paths, "entries": entries, "options": options}
    page = parts.pages.page("account_passkeys.html", "account_passkeys", form, **words)
    page.headers.update(page_fields(scripts=True))
    return page


def _entry(passkey: Passkey, goal: Goal) -> Entry:
    path = f"{PASSKEYS}/{passkey.id}"
    return Entry(passkey, goal.path_before(path), goal.path_before(f"{path}/removal"))


def _passkey_page(pages: Pages, passkey_id: UUID, goal: Goal, form: Form[PasskeyRenaming]) -> Response:
    paths, path = SecurityPaths.before(goal), goal.path_before(f"{PASSKEYS}/{passkey_id}")
    return pages.page("account_passkey.html", "account_passkey", form, paths=paths, path=path)
