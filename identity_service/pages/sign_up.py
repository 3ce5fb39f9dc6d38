"""The page that makes an account, which may be on the way to an application: then the sign-in page comes next."""

from starlette.responses import Response

from identity_service.accounts.schemas import Registration
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.pages.authorization import origin_after
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.goals import SIGN_IN, Goal
from identity_service.pages.rendering import Pages, page_fields


async def sign_up_page(
    pages: Pages, requests: AuthorizationRequests, goal: Goal, form: Form[Registration] = NOTHING
) -> Response:
    """The page, with a link for people who have an account."""
    paths = {"path": goal.sign_up_path, "sign_in_path": goal.path_before(SIGN_IN)}
    page = pages.page("sign_up.html", "sign_up", form, **paths)
    if (origin := await origin_after(requests, goal)) is not None:
        # The form leads on to the application if the person has signed in elsewhere in this browser meanwhile.
        page.headers.update(page_fields(origin))
    return page
