"""The answers of authenticators that the sign-in page sends in the place of a password."""

from fastapi import Request
from starlette.responses import Response

from identity_service.authentication.passkey_sign_on import PasskeyCredentials, PasskeySignOn
from identity_service.devices import Device
from identity_service.factors.passkey_errors import PasskeyRefused, PasskeysUnavailable
from identity_service.oauth.authorization.errors import AuthorizationFailed
from identity_service.pages.forms import NOTHING, PASSKEY_FIELD, Form, PasskeyForm
from identity_service.pages.goals import Goal
from identity_service.pages.rendering import go
from identity_service.pages.sign_in_cookies import SignInCookies
from identity_service.pages.sign_in_view import Place, SignInView
from identity_service.sessions.sign_ons import SignOns
from identity_service.sign_ons.values import IssuedSignOn, LiveSignOn
from watchword.errors import Unavailable
from watchword.limits import LimitReached


class PasskeySignInPage:
    """Signs people on by a passkey alone. A page that needs a person who was authenticated a short time ago takes the
    one who is signed on."""

    def __init__(
        self, view: SignInView, sign_ons: SignOns, passkey_sign_on: PasskeySignOn, cookies: SignInCookies
    ) -> None:
        self._view = view
        self._sign_ons = sign_ons
        self._passkey_sign_on = passkey_sign_on
        self._cookies = cookies

    async def submit(self, request: Request, goal: Goal, form: Form[PasskeyForm], device: Device) -> Response:
        """Sign the person on and lead them to the goal; or show the page again, which says what is wrong."""
        try:
            place = Place(goal, None, await self._view.authorization(goal))
        except AuthorizationFailed:
            return go(goal.path)
        secret, known_device = self._cookies.sign_on.read(request), self._cookies.device.read(request)
        try:
            if place.authorization is None and goal.needs_fresh:
                place = place._replace(sign_on=await self._sign_ons.find(secret))
            if form.model is None:
                raise PasskeyRefused("no answer of an authenticator")
            credentials = PasskeyCredentials(form.model.credential, known_device)
            issued = await self._authenticate(place.sign_on, credentials, device, secret)
        except (PasskeyRefused, PasskeysUnavailable, LimitReached, Unavailable) as error:
            return await self._view.refused(place, NOTHING, error, PASSKEY_FIELD)
        return self._cookies.lead_on(request, goal, issued, known_device)

    async def _authenticate(
        self, sign_on: LiveSignOn | None, credentials: PasskeyCredentials, device: Device, secret: str
    ) -> IssuedSignOn:
        if sign_on is not None:
            return await self._passkey_sign_on.renew(sign_on, credentials, device, secret)
        return await self._passkey_sign_on.start(credentials, device, secret)
