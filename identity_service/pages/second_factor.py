"""The page that asks for the second factor, once the password was right."""

from collections.abc import Awaitable

from fastapi import Request
from starlette.responses import Response

from identity_service.authentication.half_open import HalfOpenSignIns
from identity_service.authentication.passkey_second_factor import PasskeySecondFactor
from identity_service.authentication.second_factor import HalfOpenBrowser, SecondFactor
from identity_service.devices import Device
from identity_service.errors import NotSignedIn
from identity_service.factors.passkey_errors import PasskeyRefused, PasskeysUnavailable
from identity_service.half_open_sign_ins.values import LiveHalfOpenSignIn
from identity_service.oauth.authorization.errors import AuthorizationFailed
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.pages.forms import NOTHING, PASSKEY_FIELD, CodeForm, Flaw, Form, PasskeyForm
from identity_service.pages.goals import Goal
from identity_service.pages.rendering import Pages, go
from identity_service.pages.sign_in_cookies import SignInCookies
from identity_service.pages.way_on import let_form_lead_to
from identity_service.sign_ons.values import IssuedSignOn
from watchword.errors import AppError, Unavailable
from watchword.http import problem
from watchword.limits import LimitReached
from watchword.service.page_refusals import copy_fields


class SecondFactorPage:
    """One field takes a code of the app or a recovery code. It is shown to a browser with a half-open sign-in alone;
    others are led to the sign-in page, which keeps their goal."""

    def __init__(
        self,
        pages: Pages,
        half_open: HalfOpenSignIns,
        second_factor: SecondFactor,
        passkeys: PasskeySecondFactor,
        requests: AuthorizationRequests,
        *,
        cookies: SignInCookies,
    ) -> None:
        self._pages = pages
        self._half_open = half_open
        self._second_factor = second_factor
        self._passkeys = passkeys
        self._requests = requests
        self._cookies = cookies

    async def show(self, request: Request, goal: Goal) -> Response:
        half_open = await self._half_open.find(self._cookies.half_open.read(request))
        if half_open is None:
            response = go(goal.sign_in_path)
            self._cookies.half_open.delete_repeated(request, response)
            return response
        return await self._page(goal, half_open)

    async def submit(self, request: Request, goal: Goal, form: Form[CodeForm], device: Device) -> Response:
        """Sign the person on and lead them to the goal; or show the page again, which says what is wrong, or that the
        sign-in is over."""
        browser = self._browser(request, device)
        if form.model is None:
            return await self._page_again(request, browser, goal, form)
        proof = self._second_factor.prove_by_code(browser, form.model.code)
        return await self._answer(request, browser, goal, proof, "code")

    async def submit_passkey(self, request: Request, goal: Goal, form: Form[PasskeyForm], device: Device) -> Response:
        """The same with what an authenticator has answered."""
        browser, credential = self._browser(request, device), form.model.credential if form.model is not None else ""
        proof = self._passkeys.prove(browser, credential)
        return await self._answer(request, browser, goal, proof, PASSKEY_FIELD)

    def _browser(self, request: Request, device: Device) -> HalfOpenBrowser:
        cookies = self._cookies
        return HalfOpenBrowser(
            cookies.half_open.read(request), cookies.sign_on.read(request), cookies.device.read(request), device
        )

    async def _answer(
        self, request: Request, browser: HalfOpenBrowser, goal: Goal, proof: Awaitable[IssuedSignOn], field: str
    ) -> Response:
        """What the proof of a second factor, by the form with this field, leads to."""
        try:
            issued = await proof
        except (NotSignedIn, PasskeyRefused, PasskeysUnavailable, LimitReached, Unavailable) as error:
            return await self._refused(request, browser, goal, error, field)
        response = self._cookies.lead_on(request, goal, issued, browser.known_device)
        self._cookies.half_open.delete(request, response)
        return response

    async def _refused(
        self, request: Request, browser: HalfOpenBrowser, goal: Goal, error: AppError, field: str
    ) -> Response:
        """The page, which says why nobody was signed on."""
        answer = problem(error)
        flaw = Flaw(field, error.code, answer.headers.get("retry-after"))
        page = await self._page_again(request, browser, goal, Form(flaws=(flaw,)))
        if not isinstance(error, (NotSignedIn, PasskeyRefused)):
            page.status_code = answer.status_code
        return copy_fields(answer, page)

    async def _page_again(
        self, request: Request, browser: HalfOpenBrowser, goal: Goal, form: Form[CodeForm]
    ) -> Response:
        """The page, without the code that was typed; if the sign-in is over, the page that says so."""
        half_open = await self._half_open.find(browser.half_open_secret)
        if half_open is not None:
            return await self._page(goal, half_open, Form(flaws=form.flaws))
        response = self._pages.page("sign_in_over.html", "sign_in_over", path=goal.sign_in_path)
        response.status_code = 422
        self._cookies.half_open.delete(request, response)
        return response

    async def _page(self, goal: Goal, half_open: LiveHalfOpenSignIn, form: Form[CodeForm] = NOTHING) -> Response:
        """The page. A person whose goal is a request that an application may not make is led there, and told."""
        query = goal.authorization_query
        try:
            authorization = await self._requests.read(query) if query is not None else None
        except AuthorizationFailed:
            return go(goal.path)
        words = {
            "path": goal.second_factor_path,
            "sign_in_path": goal.sign_in_path,
            "username": half_open.username,
            "application": authorization.client.name if authorization is not None else None,
            "passkey_path": goal.passkey_second_path,
            "passkey_options": await self._passkeys.options(half_open.user.id),
        }
        page = self._pages.page("second_factor.html", "second_factor", form, **words)
        let_form_lead_to(page, authorization, scripts=words["passkey_options"] is not None)
        return page
