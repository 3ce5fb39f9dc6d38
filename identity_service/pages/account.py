"""What the first page of an account shows."""

from typing import Any

from starlette.responses import Response

from identity_service.accounts.models import Account
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.profile import Profile
from identity_service.pages.rendering import Pages


def account_page(pages: Pages, account: Account, form: Form[Any] = NOTHING, *, done: str = "") -> Response:
    """The page with what the account says. `done` names the outcome that has led here, whose title it shows."""
    if form is NOTHING:
        user = account.user
        form = Form({"username": user.username, **({"full_name": user.full_name} if user.full_name else {})})
    texts = pages.theme.texts
    section = f"done_{done}"
    notice = texts[section]["title"] if texts.has(section) else None
    return pages.page("account.html", "account", form, profile=Profile.of(account), notice=notice)
