"""What the pages of an account show."""

from typing import Any

from starlette.responses import Response

from identity_service.accounts.models import Account
from identity_service.links.models import LinkView
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.pages.authorization import origin_after
from identity_service.pages.back_link import BackLink
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.goals import ACCOUNT, CHANGE_PASSWORD, Goal
from identity_service.pages.profile import Profile
from identity_service.pages.rendering import Pages, page_fields
from identity_service.sign_ons.values import LiveSignOn


def account_page(
    pages: Pages, account: Account, form: Form[Any] = NOTHING, *, done: str = "", back: BackLink | None = None
) -> Response:
    """The page with what the account says. `done` names the outcome that has led here, whose title it shows; `back`
    is the link to the application that the person comes from."""
    if form is NOTHING:
        user = account.user
        form = Form({"username": user.username, **({"full_name": user.full_name} if user.full_name else {})})
    texts = pages.theme.texts
    section = f"done_{done}"
    notice = texts[section]["title"] if texts.has(section) else None
    return pages.page("account.html", "account", form, profile=Profile.of(account), notice=notice, back=back)


def email_page(pages: Pages, account: Account, form: Form[Any] = NOTHING) -> Response:
    """The page with the present address, and the form that changes it."""
    user = account.user
    is_verified = user.email_verified_at is not None
    return pages.page("account_email.html", "account_email", form, email=user.email, is_verified=is_verified)


def button_page(pages: Pages, page: str, account: Account) -> Response:
    """The page at this path below that of the account, which says what its button does."""
    link = LinkView(account.user.username, account.user.email)
    section = f"account_{page.replace('/', '_')}"
    return pages.page("button.html", section, path=f"{ACCOUNT}/{page}", link=link)


async def password_page(
    pages: Pages, requests: AuthorizationRequests, sign_on: LiveSignOn, goal: Goal, form: Form[Any] = NOTHING
) -> Response:
    """The page that changes the password, which may be on the way to an application."""
    path = CHANGE_PASSWORD if goal.authorization_query is None else goal.path_after(CHANGE_PASSWORD)
    words = {"username": sign_on.username, "path": path}
    page = pages.page("account_password.html", "account_password", form, **words)
    if (origin := await origin_after(requests, goal)) is not None:
        page.headers.update(page_fields(origin))
    return page
