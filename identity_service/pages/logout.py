"""Signing out in a browser: on the page, and at the request of an application."""

from typing import Final

from fastapi import Request
from starlette.responses import Response

from identity_service.authentication.sign_on_cookie import SignOnCookie
from identity_service.clients.redirect_uris import origin_of
from identity_service.oauth.logout import Destination, Logout, LogoutRequest
from identity_service.pages.rendering import Pages, go, page_fields, see
from identity_service.sessions.sign_ons import SignOns

SIGN_OUT: Final = "/sign-out"

_CLEAR_PAGES: Final = {"Clear-Site-Data": '"cache", "storage"'}
"""Deletes what this origin keeps in the browser. Not "cookies": that would delete those of every host of the domain,
and the device cookie."""

_REDIRECT_FIELDS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class SignOut:
    """Ends the sign-on of a browser, and leads it to the application that asked for it."""

    def __init__(self, pages: Pages, logout: Logout, sign_ons: SignOns, cookie: SignOnCookie) -> None:
        self._pages = pages
        self._logout = logout
        self._sign_ons = sign_ons
        self._cookie = cookie

    async def answer(self, request: Request) -> Response:
        """Answer an application: end the sign-on, or lead the person to the page that asks. Raises LogoutMalformed."""
        wish = LogoutRequest.of(_query_of(request))
        decision = await self._logout.decide(wish, self._cookie.read(request))
        destination = decision.destination
        if decision.must_ask:
            return go(SIGN_OUT if destination is None else f"{SIGN_OUT}?{_query_for(destination)}")
        return await self._end(request, destination) if decision.ends_sign_on else _leave(destination)

    async def show(self, request: Request) -> Response:
        """The page that asks. It names the application, and its form may be redirected there."""
        destination = await self._destination(request)
        path = SIGN_OUT if destination is None else f"{SIGN_OUT}?{_query_for(destination)}"
        name = None if destination is None else destination.client.name
        response = self._pages.page("sign_out.html", "sign_out", path=path, application=name)
        response.headers.update(page_fields(*([] if destination is None else [origin_of(destination.uri)])))
        return response

    async def submit(self, request: Request) -> Response:
        """End the sign-on of this browser. Without one it does no harm."""
        return await self._end(request, await self._destination(request))

    async def _end(self, request: Request, destination: Destination | None) -> Response:
        await self._sign_ons.end(self._cookie.read(request))
        response = _leave(destination)
        response.headers.update(_CLEAR_PAGES)
        self._cookie.delete(request, response)
        return response

    async def _destination(self, request: Request) -> Destination | None:
        """The destination in the address of the page, which anybody may have written."""
        wish = LogoutRequest.of(_query_of(request))
        return await self._logout.destination(wish.client_id, wish)


def _query_of(request: Request) -> str:
    return str(request.scope["query_string"].decode("latin-1"))


def _query_for(destination: Destination) -> str:
    """The part of the page's address that leads to the destination. It has no ID token."""
    wish = LogoutRequest(
        client_id=destination.client.id, post_logout_redirect_uri=destination.uri, state=destination.state
    )
    return wish.encode()


def _leave(destination: Destination | None) -> Response:
    if destination is None:
        return see("signed-out")
    return Response(status_code=303, headers={**_REDIRECT_FIELDS, "Location": destination.location})
