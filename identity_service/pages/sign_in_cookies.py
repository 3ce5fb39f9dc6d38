"""What a sign-in leaves in a browser."""

from fastapi import Request
from starlette.responses import Response

from identity_service.authentication.device_cookie import DeviceCookie
from identity_service.authentication.known_devices import KnownDevice
from identity_service.authentication.sign_on import AfterPassword
from identity_service.authentication.sign_on_cookie import HalfOpenCookie, SignOnCookie
from identity_service.half_open_sign_ins.values import IssuedHalfOpenSignIn
from identity_service.pages.goals import Goal
from identity_service.pages.rendering import go


class SignInCookies:
    """The cookies that every way to sign in reads and sets: of the sign-on, of a half-open sign-in, and of the
    device."""

    def __init__(self, sign_on: SignOnCookie, half_open: HalfOpenCookie, device: DeviceCookie) -> None:
        self.sign_on = sign_on
        self.half_open = half_open
        self.device = device

    def lead_on(
        self, request: Request, goal: Goal, issued: AfterPassword, known_device: KnownDevice | None
    ) -> Response:
        """Lead the person to the goal, with the cookie of their sign-on, in a browser that is known to them from then
        on; or to the page that asks for the second factor, with the cookie of the half-open sign-in. `known_device` is
        what the cookie of the device says now."""
        if isinstance(issued, IssuedHalfOpenSignIn):
            response = go(goal.second_factor_path)
            self.half_open.set(request, response, issued.secret, issued.expires_at)
            return response
        response = go(goal.path)
        self.sign_on.set(request, response, issued.secret, issued.expires_at)
        self.device.set(response, known_device, issued.user_id, issued.logins)
        return response
