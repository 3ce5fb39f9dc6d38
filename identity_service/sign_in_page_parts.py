"""The long-lived objects of the pages that sign people in."""

from identity_service.accounts.service import Accounts
from identity_service.authentication.device_cookie import DeviceCookie
from identity_service.authentication.known_devices import KnownDevices
from identity_service.authentication.sign_on_cookie import HalfOpenCookie, SignOnCookie
from identity_service.authentication_parts import AuthenticationParts
from identity_service.factor_parts import FactorParts
from identity_service.ground_parts import Ground
from identity_service.oauth_parts import CodeFlow
from identity_service.pages.passkey_sign_in import PasskeySignInPage
from identity_service.pages.rendering import Pages
from identity_service.pages.second_factor import SecondFactorPage
from identity_service.pages.sign_in import SignInPage
from identity_service.pages.sign_in_view import SignInView
from identity_service.pages.stronger import StrongerPage
from identity_service.sessions.sign_ons import SignOns


class SignInPages:
    """A page for each way to sign on, and the one that leads to a stronger way."""

    def __init__(
        self,
        ground: Ground,
        pages: Pages,
        authentication: AuthenticationParts,
        factors: FactorParts,
        code_flow: CodeFlow,
        *,
        accounts: Accounts,
        sign_ons: SignOns,
        cookie: SignOnCookie,
    ) -> None:
        issuer, clock = ground.settings.issuer, ground.clock
        self._half_open_cookie = HalfOpenCookie(issuer)
        self.device_cookie = DeviceCookie.of(issuer, KnownDevices(ground.sealer, ground.digests, clock))
        view = SignInView(pages, code_flow.requests, authentication.passkey_prompts)
        self.password = SignInPage(
            view,
            sign_ons,
            authentication.password_sign_on,
            clock,
            accounts=accounts,
            cookie=cookie,
            half_open_cookie=self._half_open_cookie,
            device_cookie=self.device_cookie,
        )
        self.passkey = PasskeySignInPage(
            view, sign_ons, authentication.passkey_sign_on, cookie=cookie, device_cookie=self.device_cookie
        )
        self._add_second_factor(pages, authentication, code_flow, cookie)
        self.stronger = StrongerPage(
            pages, code_flow.requests, code_flow.answers, factors.list, authentication.passkey_prompts, clock=clock
        )

    def _add_second_factor(
        self, pages: Pages, authentication: AuthenticationParts, code_flow: CodeFlow, cookie: SignOnCookie
    ) -> None:
        self.second_factor = SecondFactorPage(
            pages,
            authentication.half_open_sign_ins,
            authentication.second_factor,
            authentication.passkey_second_factor,
            code_flow.requests,
            cookie=self._half_open_cookie,
            sign_on_cookie=cookie,
            device_cookie=self.device_cookie,
        )
