"""The parameters that routes get from the service and from the caller."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends, Header, Path, Query, Request
from fastapi.requests import HTTPConnection

from posts_service.actions.schemas import Reason
from posts_service.comments.reading import CommentReading
from posts_service.comments.service import Comments
from posts_service.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from posts_service.export.service import Export
from posts_service.export.slots import ExportSlots
from posts_service.feed.service import AtomFeed
from posts_service.history.service import History
from posts_service.likes.service import Likes
from posts_service.live.listener import Listener
from posts_service.live.listener_slots import ListenerSlots
from posts_service.live.live_feed import LiveFeed
from posts_service.moderation import policy as moderation
from posts_service.moderation.reading import ModerationReading
from posts_service.moderation.reporting import Reporting
from posts_service.moderation.unpublishing import Unpublishing
from posts_service.posts.policy import Permission
from posts_service.posts.reading import PostReading
from posts_service.posts.searching import PostSearch
from posts_service.posts.service import Posts
from posts_service.settings import Settings
from posts_service.tags.reading import TagReading
from watchword.auth import Guard, NotPermitted, Principal, ScopeTexts, optional, requires
from watchword.errors import PreconditionRequired
from watchword.http import Preconditions
from watchword.service import part
from watchword.service.networks import address_to_count

_KEY: Final = re.compile("[!-~]{1,255}")


class Scope(StrEnum):
    POSTS_WRITE = "posts:write"


_WRITE: Final = "Write, change, delete and export your posts and comments, and act as a moderator if you are one"
SCOPE_TEXTS: Final = ScopeTexts(people={Scope.POSTS_WRITE: _WRITE})


class ModerationGuard(Guard):
    """Checks that the caller has signed in as strongly and as recently as the operator wants of people who moderate.
    The settings are those of the app that the request is for."""

    async def ensure(self, request: HTTPConnection, principal: Principal) -> None:
        await super().ensure(request, principal)
        self.ensure_may_act(request, principal)
        demand: Guard | None = request.app.state["parts"].moderation_sign_in
        # Last, since nobody should sign in again only to be forbidden.
        if demand is not None and self.is_moderation(request, principal):
            await demand(request)

    def ensure_may_act(self, request: HTTPConnection, principal: Principal) -> None:
        """Raise Forbidden unless the caller may do this with any sign-in."""

    def is_moderation(self, request: HTTPConnection, principal: Principal) -> bool:
        """Whether the request is an act of a moderator, or may be one."""
        return True


class ModeratorGuard(ModerationGuard):
    """Checks that the caller is a moderator, before the body of the request is looked at."""

    further_refusals = (NotPermitted,)

    def ensure_may_act(self, request: HTTPConnection, principal: Principal) -> None:
        moderation.ensure_may_moderate(principal)


class EditorGuard(ModerationGuard):
    """For operations on what is one's own or, for moderators, somebody else's. These give a reason, without which
    nothing of somebody else's is changed: a request with a reason is taken for an act of a moderator."""

    def is_moderation(self, request: HTTPConnection, principal: Principal) -> bool:
        return "reason" in request.query_params and moderation.is_moderator(principal)


async def preconditions(
    request: Request,
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="Act only on this version (its `ETag`)")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="Act only if this is not the version")
    ] = None,
) -> Preconditions:
    """The preconditions of the request. The parameters are for the OpenAPI document and see one line of a field."""
    return Preconditions.of_request(request)


async def change_conditions(
    conditions: Annotated[Preconditions, Depends(preconditions)],
    settings: Annotated[Settings, Depends(part("settings"))],
) -> Preconditions:
    """The preconditions of a change. Raises PreconditionRequired (RFC 6585 section 3) if there is no If-Match, and the
    operator wants one."""
    if settings.require_if_match and conditions.if_match is None:
        raise PreconditionRequired
    return conditions


async def idempotency_key(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="A key that you make for this change: if you send the same request with it again within 24"
            " hours, nothing changes, and you get the same answer. 1 to 255 visible characters of ASCII",
            examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
        ),
    ] = None,
) -> str | None:
    """The key of the request. Raises InvalidIdempotencyKey. The parameter is for the OpenAPI document and sees one line
    of the field."""
    if key is None:
        return None
    if len(request.headers.getlist("idempotency-key")) > 1 or not _KEY.fullmatch(key):
        raise InvalidIdempotencyKey
    return key


SlugPath = Annotated[str, Path(pattern="^[a-z0-9-]{1,60}$", examples=["on-engines"])]
PostsDep = Annotated[Posts, Depends(part("posts"))]
PostReadingDep = Annotated[PostReading, Depends(part("post_reading"))]
CommentsDep = Annotated[Comments, Depends(part("comments"))]
CommentReadingDep = Annotated[CommentReading, Depends(part("comment_reading"))]
PostSearchDep = Annotated[PostSearch, Depends(part("post_search"))]
AtomFeedDep = Annotated[AtomFeed, Depends(part("atom_feed"))]
TagReadingDep = Annotated[TagReading, Depends(part("tag_reading"))]
LikesDep = Annotated[Likes, Depends(part("likes"))]
Reader = Annotated[Principal | None, Depends(optional)]


async def listener_of(
    request: Request,
    reader: Reader,
    feed: Annotated[LiveFeed, Depends(part("live_feed"))],
    slots: Annotated[ListenerSlots, Depends(part("listener_slots"))],
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="The last id that you got: begin with what you missed")
    ] = None,
) -> AsyncIterator[Listener]:
    """A listener for as long as the answer lasts, in a slot of the reader's account, or of their address."""
    with _slot_for(reader, request, slots):
        async with feed.listen(last_event_id) as listener:
            yield listener


def owner_of(reader: Principal | None, request: Request) -> str:
    """Whose request it is: the account of the reader, or the address of an anonymous one."""
    if reader is not None:
        return reader.subject
    # A client of a Unix socket has no address.
    return "" if request.client is None else address_to_count(request.client.host)


def _slot_for(reader: Principal | None, request: Request, slots: ListenerSlots) -> AbstractContextManager[None]:
    if reader is not None:
        return slots.for_subject(reader.subject)
    # A client of a Unix socket has no address.
    return nullcontext() if request.client is None else slots.for_address(request.client.host)


ListenerDep = Annotated[Listener, Depends(listener_of)]
ActReason = Annotated[
    Reason | None, Query(description="Why, if it is somebody else's. It is recorded; for what is yours it is ignored")
]
ChangeConditions = Annotated[Preconditions, Depends(change_conditions)]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
KEY_REFUSALS: Final = (InvalidIdempotencyKey, IdempotencyKeyReused)
"""What a request with an Idempotency-Key can be refused for, beside what its change is refused for."""
Writer = Annotated[Principal, Depends(requires(Scope.POSTS_WRITE))]
Editor = Annotated[Principal, Depends(EditorGuard(Scope.POSTS_WRITE))]
Moderator = Annotated[Principal, Depends(ModeratorGuard(Scope.POSTS_WRITE))]
ModerationReadingDep = Annotated[ModerationReading, Depends(part("moderation_reading"))]
ReportingDep = Annotated[Reporting, Depends(part("reporting"))]
Unpublisher = Annotated[
    Principal, Depends(ModerationGuard(Scope.POSTS_WRITE, permission=Permission.POST_UNPUBLISH_ANY))
]
UnpublishingDep = Annotated[Unpublishing, Depends(part("unpublishing"))]
HistoryDep = Annotated[History, Depends(part("history"))]
ExportDep = Annotated[Export, Depends(part("export"))]


async def exporter_of(
    person: Writer, slots: Annotated[ExportSlots, Depends(part("export_slots"))]
) -> AsyncIterator[Principal]:
    """The caller, in a slot of their account for as long as the answer lasts."""
    with slots.for_subject(person.subject):
        yield person


Exporter = Annotated[Principal, Depends(exporter_of)]
