"""The parameters that routes get from the service and from the caller."""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends

from posts_service.posts.service import Posts
from watchword.auth import Principal, optional, requires
from watchword.service import part


class Scope(StrEnum):
    POSTS_WRITE = "posts:write"


PostsDep = Annotated[Posts, Depends(part("posts"))]
Reader = Annotated[Principal | None, Depends(optional)]
Writer = Annotated[Principal, Depends(requires(Scope.POSTS_WRITE))]
