"""The parameters that routes get from the service and from the caller."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends

from posts_service.posts.service import Posts
from watchword.auth import Principal, ScopeTexts, optional, requires
from watchword.service import part


class Scope(StrEnum):
    POSTS_WRITE = "posts:write"


SCOPE_TEXTS: Final = ScopeTexts(people={Scope.POSTS_WRITE: "Write, change and delete your posts"})

PostsDep = Annotated[Posts, Depends(part("posts"))]
Reader = Annotated[Principal | None, Depends(optional)]
Writer = Annotated[Principal, Depends(requires(Scope.POSTS_WRITE))]
