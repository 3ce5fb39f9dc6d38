"""The guard of the pages of the administration, and what their routes may take as a parameter."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from identity_service.dependencies import PartsDep, SignOnDep
from identity_service.errors import FreshSignOnRequired
from identity_service.pages.admin.requests import AdminRequest
from identity_service.pages.forms import AnyModel, Form, read, text_of


async def administrator(request: Request, sign_on: SignOnDep, parts: PartsDep) -> AdminRequest:
    """Let an administrator in, as the tables say at this moment: a role that was taken away a moment ago counts no
    more. Raises NotAnAdministrator, and SignOnRequired as SignOnDep does."""
    await parts.admission.ensure_administrator(sign_on.user_id)
    return AdminRequest(
        request,
        sign_on,
        pages=parts.admin_pages,
        obedience=parts.obedience,
        sealed_query=parts.sealed_query,
    )


AdminRequestDep = Annotated[AdminRequest, Depends(administrator)]


async def _fresh_administrator(request: Request, admin: AdminRequestDep, parts: PartsDep) -> AdminRequest:
    """Raises FreshSignOnRequired. What was typed into the form comes back with the person, and nothing is done."""
    if not admin.sign_on.is_fresh(parts.clock.now()):
        query = admin.query_with_typed(await text_of(request)) if request.method == "POST" else ""
        raise FreshSignOnRequired("authenticated too long ago", query)
    return admin


FreshAdminRequestDep = Annotated[AdminRequest, Depends(_fresh_administrator)]
"""For acts that nobody may do at a screen that was left alone: those that have FRESH_SIGN_IN over HTTP."""


def sent(model: type[AnyModel]) -> Callable[[Request], Awaitable[Form[Any]]]:
    """The dependency that reads a form of this model. The router has made sure that a page of ours has sent it."""

    async def form(request: Request) -> Form[AnyModel]:
        return await read(request, model)

    return form
