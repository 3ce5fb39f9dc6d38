"""What the pages show of what a person signs in with beside the password."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from identity_service.factor_acts.apps import AppSecret
from identity_service.factor_acts.listing import FactorsOfUser
from identity_service.factor_acts.values import Owner
from identity_service.pages.forms import NOTHING, FirstCode, Form
from identity_service.pages.goals import Goal
from identity_service.pages.qr_codes import qr_code
from identity_service.pages.rendering import Pages
from identity_service.pages.security_paths import SecurityPaths
from identity_service.sign_ons.values import LiveSignOn

_GROUP: Final = 4


def owner_of(sign_on: LiveSignOn) -> Owner:
    return Owner(sign_on.user_id, sign_on_id=sign_on.id)


def goal_path_of(goal: Goal) -> str | None:
    """Where the person goes on; None if that is the page of the account, to which these pages lead anyway."""
    return None if goal == Goal() else goal.path


def in_groups(secret: str) -> str:
    """A secret as it is easy to type: apps ignore the spaces."""
    return " ".join(secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP))


def overview_page(
    pages: Pages, goal: Goal, factors: FactorsOfUser, *, must_add: bool, passkeys_available: bool, done: str
) -> Response:
    """What the account has. `done` names the outcome that has led here, whose title it shows."""
    section = f"done_{done}"
    words = {
        "paths": SecurityPaths.before(goal),
        "factors": factors,
        "passkeys_available": passkeys_available,
        "must_add": must_add,
        "notice": pages.theme.texts[section]["title"] if pages.theme.texts.has(section) else None,
        "goal_path": None if must_add else goal_path_of(goal),
    }
    return pages.page("account_security.html", "account_security", NOTHING, **words)


def secret_page(pages: Pages, goal: Goal, secret: AppSecret, form: Form[FirstCode] = NOTHING) -> Response:
    """The page with the secret of an app that has shown no code yet."""
    words = {
        "paths": SecurityPaths.before(goal),
        "picture": qr_code(secret.uri),
        "uri": secret.uri,
        "secret": in_groups(secret.secret),
        "expires_at": secret.expires_at,
    }
    return pages.page("account_security_code.html", "account_security_code", form, **words)


def made_page(pages: Pages, goal: Goal, codes: Sequence[str], added: str | None = None) -> Response:
    """The page that shows recovery codes, and is the answer to what has made them: nothing shows them again. `added`
    names the text about the factor that they came with."""
    words: dict[str, Any] = {
        "paths": SecurityPaths.before(goal),
        "codes": codes,
        "added": added,
        "goal_path": goal_path_of(goal),
    }
    return pages.page("account_security_made.html", "account_security_made", **words)


def removal_page(pages: Pages, goal: Goal, factors: FactorsOfUser, section: str, **words: Any) -> Response:
    """The page that asks before a factor is removed, and says what it means if it is the last one."""
    words |= {"paths": SecurityPaths.before(goal), "is_last": factors.number == 1}
    return pages.page("account_security_removal.html", section, NOTHING, **words)
