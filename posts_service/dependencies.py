"""The parameters that routes get from the service and from the caller."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from posts_service.posts.service import Posts
from watchword.auth import Principal, ScopeTexts, optional, requires
from watchword.http import Preconditions
from watchword.service import part


class Scope(StrEnum):
    POSTS_WRITE = "posts:write"


SCOPE_TEXTS: Final = ScopeTexts(people={Scope.POSTS_WRITE: "Write, change and delete your posts"})


def preconditions(
    request: Request,
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="Act only on this version (its `ETag`)")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="Act only if this is not the version")
    ] = None,
) -> Preconditions:
    """The preconditions of the request. The parameters are for the OpenAPI document and see one line of a field."""
    return Preconditions.of(request.headers)


PostsDep = Annotated[Posts, Depends(part("posts"))]
Reader = Annotated[Principal | None, Depends(optional)]
ChangeConditions = Annotated[Preconditions, Depends(preconditions)]
Writer = Annotated[Principal, Depends(requires(Scope.POSTS_WRITE))]
