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
from identity_service.pages.sign_in_cookies import SignInCookies
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
        issuer, clock, requests = ground.settings.issuer, ground.clock, code_flow.requests
        device_cookie = DeviceCookie.of(issuer, KnownDevices(ground.sealer, ground.digests, clock))
        self.cookies = cookies = SignInCookies(cookie, HalfOpenCookie(issuer), device_cookie)
        view = SignInView(pages, requests, authentication.passkey_prompts)
        self.password = SignInPage(
            view, sign_ons, authentication.password_sign_on, clock, accounts=accounts, cookies=cookies
        )
        self.passkey = PasskeySignInPage(view, sign_ons, authentication.passkey_sign_on, cookies)
        self.second_factor = SecondFactorPage(
            pages,
            authentication.half_open_sign_ins,
            authentication.second_factor,
            authentication.passkey_second_factor,
            requests,
            cookies=cookies,
        )
        self.stronger = StrongerPage(
            pages, requests, code_flow.answers, factors.list, authentication.passkey_prompts, clock=clock
        )
