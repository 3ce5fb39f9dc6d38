"""The page that signs people on: what it asks for, and what it answers."""

from fastapi import Request
from starlette.responses import Response

from identity_service.accounts.service import Accounts
from identity_service.authentication.password import PasswordCredentials
from identity_service.authentication.sign_on import AfterPassword, PasswordSignOn
from identity_service.devices import Device
from identity_service.errors import InvalidCredentials, UserNotFound
from identity_service.oauth.authorization.errors import AuthorizationFailed
from identity_service.oauth.authorization.request import AuthorizationRequest
from identity_service.pages.forms import NOTHING, CredentialsForm, Flaw, Form
from identity_service.pages.goals import Goal
from identity_service.pages.rendering import go
from identity_service.pages.sign_in_cookies import SignInCookies
from identity_service.pages.sign_in_view import Place, SignInView
from identity_service.sessions.sign_ons import SignOns
from identity_service.sign_ons.values import LiveSignOn
from watchword.clock import Clock
from watchword.errors import Unavailable
from watchword.limits import LimitReached

SignInForm = Form[CredentialsForm]


class SignInPage:
    """Asks for a name and a password; for the password alone if the person is signed on, but the goal takes a
    person who was authenticated a short time ago. On the way to an application, somebody else may sign in."""

    def __init__(
        self,
        view: SignInView,
        sign_ons: SignOns,
        password_sign_on: PasswordSignOn,
        clock: Clock,
        *,
        accounts: Accounts,
        cookies: SignInCookies,
    ) -> None:
        self._view = view
        self._sign_ons = sign_ons
        self._password_sign_on = password_sign_on
        self._accounts = accounts
        self._cookies = cookies
        self._clock = clock

    async def show(self, request: Request, goal: Goal) -> Response:
        """The page; a person whose sign-on satisfies the goal is led there at once. So is everybody whose goal is a
        request that an application may not make."""
        sign_on = await self._sign_ons.find(self._cookies.sign_on.read(request))
        try:
            authorization = await self._view.authorization(goal)
        except AuthorizationFailed:
            return go(goal.path)
        if sign_on is not None and self._satisfies(goal, authorization, sign_on):
            return go(goal.path)
        login = await self._expected_login(authorization, sign_on)
        response = await self._view.page(
            Place(goal, sign_on, authorization), Form({"login": login}) if login else NOTHING
        )
        self._cookies.sign_on.delete_repeated(request, response)
        return response

    async def submit(self, request: Request, goal: Goal, form: SignInForm, device: Device) -> Response:
        """Sign the person on and lead them to the goal; or show the page again, which says what is wrong. A person
        whose account has a second factor is led to the page that asks for it.

        A form without a name comes from a person who is signed on and enters the password again.
        """
        try:
            place = Place(goal, None, await self._view.authorization(goal))
        except AuthorizationFailed:
            return go(goal.path)
        secret, known_device = self._cookies.sign_on.read(request), self._cookies.device.read(request)
        try:
            if place.authorization is None and not form.values.get("login"):
                place = place._replace(sign_on=await self._sign_ons.find(secret))
            if form.model is None or (form.model.login is None and place.sign_on is None):
                return await self._view.page(place, _with_missing_login(form, place.sign_on))
            login = place.sign_on.username if place.sign_on is not None else form.model.login or ""
            credentials = PasswordCredentials(login, form.model.password, known_device)
            issued = await self._authenticate(place.sign_on, credentials, device, secret)
        except (InvalidCredentials, LimitReached, Unavailable) as error:
            return await self._view.refused(place, form, error, "login" if place.sign_on is None else "password")
        return self._cookies.lead_on(request, goal, issued, known_device)

    async def _expected_login(
        self, authorization: AuthorizationRequest | None, sign_on: LiveSignOn | None
    ) -> str | None:
        """Who is expected to sign in on the way to an application."""
        if authorization is None:
            return None
        if authorization.login_hint is not None or authorization.expected_user_id is None:
            return authorization.login_hint or (sign_on.username if sign_on is not None else None)
        try:
            return str((await self._accounts.get_card(authorization.expected_user_id))["username"])
        except UserNotFound:
            return None

    def _satisfies(self, goal: Goal, authorization: AuthorizationRequest | None, sign_on: LiveSignOn) -> bool:
        now = self._clock.now()
        if authorization is not None:
            return not authorization.asks_to_sign_in(sign_on.authentication.at, now)
        return not goal.needs_fresh or sign_on.is_fresh(now)

    async def _authenticate(
        self, sign_on: LiveSignOn | None, credentials: PasswordCredentials, device: Device, secret: str
    ) -> AfterPassword:
        if sign_on is not None:
            return await self._password_sign_on.renew(sign_on, credentials, device, secret)
        return await self._password_sign_on.start(credentials, device, secret)


def _with_missing_login(form: SignInForm, sign_on: LiveSignOn | None) -> SignInForm:
    if sign_on is not None or form.values.get("login"):
        return form
    return Form(form.values, None, (Flaw("login", "missing"), *form.flaws))
