"""/auth: sign in, the answer of the issuer, access tokens for pages, sign out.

They are for the pages of this service, and no API: the OpenAPI document does not have them.
"""

from collections.abc import Iterable
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from watchword.auth import public
from watchword.errors import AppError
from watchword.http import problem
from watchword.pages.cookies import PageCookies
from watchword.pages.error_page import FIELDS, error_page
from watchword.pages.errors import CookieRepeated, ForeignOrigin, NotSignedIn, SignInRefused
from watchword.pages.service import SignIns
from watchword.pages.sign_in_request import PARAMETERS, SignInRequest
from watchword.pages.values import ANSWER_PARAMETERS, Answer, PageSession

_NO_STORE: Final = {"Cache-Control": "no-store"}


def routes(sign_ins: SignIns, cookies: PageCookies) -> APIRouter:
    router = APIRouter(prefix="/auth", include_in_schema=False)
    operations = Operations(sign_ins, cookies)

    @router.get("/start")
    @public
    async def start(request: Request) -> Response:
        """Send the browser to the issuer, with what the page asks for."""
        return await operations.start(request)

    @router.get("/callback")
    @public
    async def callback(request: Request) -> Response:
        """Take the issuer's answer, and send the browser to the page that it comes from."""
        return await operations.callback(request)

    @router.post("/token")
    @public
    async def token(request: Request) -> Response:
        """An access token for the memory of a page."""
        return await operations.token(request)

    @router.post("/sign-out")
    @public
    async def sign_out(request: Request) -> Response:
        """End the session of this browser."""
        return await operations.sign_out(request)

    return router


class Operations:
    """The four operations. Those for navigation answer a refusal with a page, the others with a problem document."""

    def __init__(self, sign_ins: SignIns, cookies: PageCookies) -> None:
        self._sign_ins = sign_ins
        self._cookies = cookies

    async def start(self, request: Request) -> Response:
        response = await self._begin(request)
        self._cookies.session.restore_mark(request, response)
        return response

    async def _begin(self, request: Request) -> Response:
        sign_in = SignInRequest()
        try:
            sign_in = SignInRequest.of(_parameters(request, PARAMETERS))
            url, pending = await self._sign_ins.begin(sign_in, self._session(request))
            response = RedirectResponse(url, 303, FIELDS)
            self._cookies.pending.add(request, response, pending)
        except AppError as error:
            return error_page(error, sign_in)
        return response

    def _session(self, request: Request) -> PageSession | None:
        """The session of this browser; None if it is not known which of two cookies is ours."""
        try:
            return self._cookies.session.read(request)
        except CookieRepeated:
            return None

    async def callback(self, request: Request) -> Response:
        sign_in, state = SignInRequest(), ""
        response: Response
        try:
            answer = Answer.of(_parameters(request, ANSWER_PARAMETERS))
            state = answer.state
            if (pending := self._cookies.pending.of(state).read(request)) is not None:
                sign_in = pending.request_after(answer.error)
            session = await self._sign_ins.finish(answer, pending)
            response = RedirectResponse(sign_in.return_path, 303, FIELDS)
            self._cookies.session.set(response, session)
        except AppError as error:
            response = error_page(error, sign_in)
            if isinstance(error, CookieRepeated):
                self._cookies.pending.of(state).delete_everywhere(request, response)
            self._cookies.session.restore_mark(request, response)
        # An answer counts once.
        self._cookies.pending.of(state).delete(response)
        return response

    async def token(self, request: Request) -> Response:
        try:
            self._cookies.ensure_own(request)
            if (session := self._cookies.session.read(request)) is None:
                raise NotSignedIn("no session cookie, or none that was sealed here")
            tokens, session = await self._sign_ins.refresh(session)
            body = {"access_token": tokens.access_token, "token_type": "Bearer", "expires_in": tokens.expires_in}
            response = JSONResponse(body, headers=_NO_STORE)
            self._cookies.session.set(response, session)
        except AppError as error:
            return self._refused(request, error)
        return response

    async def sign_out(self, request: Request) -> Response:
        try:
            self._cookies.ensure_own(request)
            signed_out = await self._sign_ins.sign_out(self._cookies.session.read(request))
        except AppError as error:
            return self._refused(request, error)
        body = {"revoked": signed_out.is_revoked, "continue_at": signed_out.continue_at}
        response = JSONResponse(body, headers=_NO_STORE)
        self._cookies.session.delete(response)
        return response

    def _refused(self, request: Request, error: AppError) -> Response:
        """The refusal, which deletes a session that has ended, and cookies that would be refused the next time too. A
        page of another origin changes no cookie."""
        response = problem(error)
        if isinstance(error, CookieRepeated):
            self._cookies.session.delete_everywhere(request, response)
        elif isinstance(error, NotSignedIn):
            self._cookies.session.delete(response)
        elif not isinstance(error, ForeignOrigin):
            self._cookies.session.restore_mark(request, response)
        return response


def _parameters(request: Request, names: Iterable[str]) -> dict[str, str]:
    """The parameters of the query with these names, which are few: a stranger chooses how many others there are. Raises
    SignInRefused if one is there twice: a proxy could take the other one."""
    fields = request.query_params
    for name in names:
        if (times := len(fields.getlist(name))) > 1:
            raise SignInRefused(f"the parameter {name!r} is there {times} times")
    return {name: fields[name] for name in names if name in fields}
