"""What the owner of an account signs in with beside the password, on pages. Each may be on the way to another page or
to an application, which its query says."""

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.dependencies import (
    FreshSignOnDep,
    FromAddress,
    GoalDep,
    OurForms,
    PartsDep,
    RecoveryCodesForm,
    SignOnDep,
)
from identity_service.factors.code_errors import RecoveryCodesChanged, RecoveryCodesWithoutFactor
from identity_service.pages.forms import NOTHING
from identity_service.pages.goals import SECURITY, Goal
from identity_service.pages.rendering import go
from identity_service.pages.security import made_page, overview_page, owner_of
from identity_service.pages.security_paths import RECOVERY_CODES, SecurityPaths
from identity_service.sign_ons.values import LiveSignOn
from watchword.auth import public

# Public, since no access token guards these pages: SignOnDep and FreshSignOnDep do.
router = APIRouter(include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get(SECURITY)
@public
async def show_security(sign_on: SignOnDep, goal: GoalDep, parts: PartsDep, done: str = "") -> Response:
    """What the account has. Who must add a second factor comes here from every other page."""
    return overview_page(
        parts.pages,
        goal,
        await parts.factors.list.of(sign_on.user_id),
        must_add=sign_on.must_add_second_factor,
        passkeys_available=parts.factors.ceremonies.are_available,
        done=done,
    )


@router.get(RECOVERY_CODES)
@public
async def show_recovery_codes(sign_on: FreshSignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    return await _recovery_codes_page(parts, sign_on, goal)


@router.post(RECOVERY_CODES)
@public
async def renew_recovery_codes(
    sign_on: FreshSignOnDep, goal: GoalDep, form: RecoveryCodesForm, parts: PartsDep
) -> Response:
    """The answer shows the codes, and nothing else does. Sending the form again makes no others, since the codes are
    not those that it was about."""
    try:
        if form.model is not None:
            codes = await parts.factors.recovery.renew_codes(owner_of(sign_on), form.model.version)
            return made_page(parts.pages, goal, codes)
    except (RecoveryCodesWithoutFactor, RecoveryCodesChanged):
        pass
    return await _recovery_codes_page(parts, sign_on, goal, has_changed=True)


async def _recovery_codes_page(
    parts: PartsDep, sign_on: LiveSignOn, goal: Goal, *, has_changed: bool = False
) -> Response:
    paths, factors = SecurityPaths.before(goal), await parts.factors.list.of(sign_on.user_id)
    if factors.number == 0:
        return go(paths.overview)
    words = {
        "paths": paths,
        "count": factors.recovery_codes_left,
        "version": factors.recovery_codes_version,
        "has_changed": has_changed,
    }
    return parts.pages.page("account_security_codes.html", "account_security_codes", NOTHING, **words)
