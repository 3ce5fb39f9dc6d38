"""What the owner of an account signs in with beside the password, on pages. Each may be on the way to another page or
to an application, which its query says."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.dependencies import FromAddress, GoalDep, OurForms, PartsDep, SignOnDep
from identity_service.pages.goals import SECURITY, Goal
from watchword.auth import public

# Public, since no access token guards these pages: SignOnDep and FreshSignOnDep do.
router = APIRouter(prefix=SECURITY, include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get("")
@public
async def show_security(sign_on: SignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    """What the account has. Who must add a second factor comes here from every other page."""
    has_factor = (await parts.accounts.get(sign_on.user_id)).user.has_second_factor
    words: dict[str, Any] = {
        "has_second_factor": has_factor,
        "must_add": sign_on.must_add_second_factor,
        "goal_path": None if goal == Goal() or sign_on.must_add_second_factor else goal.path,
    }
    return parts.pages.page("account_security.html", "account_security", **words)
