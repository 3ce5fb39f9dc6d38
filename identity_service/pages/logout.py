"""Signing out in a browser: on the page, and at the request of an application."""

from typing import Final

from fastapi import Request
from starlette.responses import Response

from identity_service.authentication.sign_on_cookie import SignOnCookie
from identity_service.clients.redirect_uris import origin_of
from identity_service.oauth.logout import Destination, Logout, LogoutRequest
from identity_service.pages.forms import query_of
from identity_service.pages.rendering import Pages, go, leave, page_fields, see
from identity_service.sessions.sign_ons import SignOns

SIGN_OUT: Final = "/sign-out"

_CLEAR_PAGES: Final = {"Clear-Site-Data": '"cache", "storage"'}
"""Deletes what this origin keeps in the browser. Not "cookies": that would delete those of every host of the domain,
and the device cookie."""


class SignOut:
    """Ends the sign-on of a browser, and leads the browser to the application that asked for that."""

    def __init__(self, pages: Pages, logout: Logout, sign_ons: SignOns, cookie: SignOnCookie) -> None:
        self._pages = pages
        self._logout = logout
        self._sign_ons = sign_ons
        self._cookie = cookie

    async def answer(self, request: Request) -> Response:
        """Answer an application: end the sign-on, or lead the person to the page that asks. Raises LogoutMalformed."""
        logout_request = LogoutRequest.of(query_of(request))
        decision = await self._logout.decide(logout_request, self._cookie.read(request))
        destination = decision.destination
        if decision.must_ask:
            return go(_page_path(destination))
        return await self._end(request, destination) if decision.ends_sign_on else _go_on(destination)

    async def show(self, request: Request) -> Response:
        """The page that asks the person. It names the application, and its form may be redirected there."""
        destination = await self._destination(request)
        name = None if destination is None else destination.client.name
        response = self._pages.page("sign_out.html", "sign_out", path=_page_path(destination), application=name)
        if destination is not None:
            response.headers.update(page_fields(origin_of(destination.uri)))
        return response

    async def submit(self, request: Request) -> Response:
        """End the sign-on of this browser, if it has one, and go on to the application or to a page of ours."""
        return await self._end(request, await self._destination(request))

    async def _end(self, request: Request, destination: Destination | None) -> Response:
        await self._sign_ons.end(self._cookie.read(request))
        response = _go_on(destination)
        response.headers.update(_CLEAR_PAGES)
        self._cookie.delete(request, response)
        return response

    async def _destination(self, request: Request) -> Destination | None:
        """The destination in the address of the page, which anybody may have written."""
        logout_request = LogoutRequest.of(query_of(request))
        return await self._logout.destination(logout_request.client_id, logout_request)


def _page_path(destination: Destination | None) -> str:
    """The path of the page that asks the person, with a query that names the destination. It has no ID token."""
    if destination is None:
        return SIGN_OUT
    logout_request = LogoutRequest(
        client_id=destination.client.id, post_logout_redirect_uri=destination.uri, state=destination.state
    )
    return f"{SIGN_OUT}?{logout_request.encode()}"


def _go_on(destination: Destination | None) -> Response:
    return see("signed-out") if destination is None else leave(destination.location)
