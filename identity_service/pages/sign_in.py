"""The page that signs people on: what it asks for, and what it answers."""

from fastapi import Request
from starlette.responses import Response

from identity_service.authentication.device_cookie import DeviceCookie
from identity_service.authentication.password import PasswordCredentials
from identity_service.authentication.sign_on import PasswordSignOn
from identity_service.authentication.sign_on_cookie import SignOnCookie
from identity_service.devices import Device
from identity_service.errors import InvalidCredentials
from identity_service.pages.forms import NOTHING, CredentialsForm, Flaw, Form
from identity_service.pages.goals import Goal
from identity_service.pages.refusals import copy_fields
from identity_service.pages.rendering import Pages, go
from identity_service.sign_ons.service import SignOns
from identity_service.sign_ons.values import IssuedSignOn, LiveSignOn
from watchword.clock import Clock
from watchword.errors import AppError, Unavailable
from watchword.http import problem
from watchword.limits import LimitReached

SignInForm = Form[CredentialsForm]


class SignInPage:
    """Asks for a name and a password; for the password alone if the person is signed on, but the goal takes a
    person who was authenticated a short time ago."""

    def __init__(
        self,
        pages: Pages,
        sign_ons: SignOns,
        password_sign_on: PasswordSignOn,
        clock: Clock,
        *,
        cookie: SignOnCookie,
        device_cookie: DeviceCookie,
    ) -> None:
        self._pages = pages
        self._sign_ons = sign_ons
        self._password_sign_on = password_sign_on
        self._cookie = cookie
        self._device_cookie = device_cookie
        self._clock = clock

    async def show(self, request: Request, goal: Goal) -> Response:
        """The page; a person who is signed on as the goal asks is led there at once."""
        sign_on = await self._sign_ons.find(self._cookie.read(request))
        if sign_on is not None and not (goal.needs_fresh and not sign_on.is_fresh(self._clock.now())):
            return go(goal.path)
        response = self._page(goal, sign_on, NOTHING)
        self._cookie.delete_repeated(request, response)
        return response

    async def submit(self, request: Request, goal: Goal, form: SignInForm, device: Device) -> Response:
        """Sign the person on and lead them to the goal; or show the page again, which says what is wrong.

        A form without a name comes from a person who is signed on and enters the password again.
        """
        secret, known_device = self._cookie.read(request), self._device_cookie.read(request)
        sign_on = None
        try:
            if not form.values.get("login"):
                sign_on = await self._sign_ons.find(secret)
            if form.model is None or (form.model.login is None and sign_on is None):
                return self._page(goal, sign_on, _with_missing_login(form, sign_on))
            login = sign_on.username if sign_on is not None else form.model.login or ""
            credentials = PasswordCredentials(login, form.model.password, known_device)
            issued = await self._authenticate(sign_on, credentials, device, secret)
        except (InvalidCredentials, LimitReached, Unavailable) as error:
            return self._refused(goal, sign_on, form, error)
        response = go(goal.path)
        self._cookie.set(request, response, issued.secret, issued.expires_at)
        self._device_cookie.set(response, known_device, issued.user_id, issued.logins)
        return response

    async def _authenticate(
        self, sign_on: LiveSignOn | None, credentials: PasswordCredentials, device: Device, secret: str
    ) -> IssuedSignOn:
        if sign_on is not None:
            return await self._password_sign_on.renew(sign_on, credentials, device, secret)
        return await self._password_sign_on.start(credentials, device, secret)

    def _refused(self, goal: Goal, sign_on: LiveSignOn | None, form: SignInForm, error: AppError) -> Response:
        """The page, which says why nobody was signed on. All refusals of credentials look alike."""
        answer = problem(error)
        flaw = Flaw("login" if sign_on is None else "password", error.code, answer.headers.get("retry-after"))
        page = self._page(goal, sign_on, Form(form.values, None, (flaw,)))
        if not isinstance(error, InvalidCredentials):
            page.status_code = answer.status_code
        return copy_fields(answer, page)

    def _page(self, goal: Goal, sign_on: LiveSignOn | None, form: SignInForm) -> Response:
        username = sign_on.username if sign_on is not None else None
        return self._pages.page("sign_in.html", "sign_in", form, path=goal.sign_in_path, username=username)


def _with_missing_login(form: SignInForm, sign_on: LiveSignOn | None) -> SignInForm:
    if sign_on is not None or form.values.get("login"):
        return form
    return Form(form.values, None, (Flaw("login", "missing"), *form.flaws))
