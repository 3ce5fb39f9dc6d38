"""Which columns of a post each kind of change writes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from posts_service.posts.models import SUMMARY_CHARACTERS, State
from posts_service.posts.publication import NEVER_PUBLIC
from posts_service.posts.stored_post import StoredPost
from posts_service.rendering.excerpt import excerpt
from posts_service.rendering.version import RENDERER_VERSION


def first_version(members: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of a post that is created now, except its id, author and slug.

    `members` are its title, body and state, and others of PostDraft; and its `html` and `renderer`, if it is rendered.
    Raises InvalidPublication.
    """
    summary = members.get("summary")
    return {
        "title": members["title"],
        "body": members["body"],
        "tags": members.get("tags", []),
        "summary": _made_summary(members["body"]) if summary is None else summary,
        "has_own_summary": summary is not None,
        "html": members.get("html"),
        "renderer": members.get("renderer", 0),
        "version": 1,
        "derived_version": 1 if "html" in members else 0,
        "created_at": now,
        "updated_at": now,
        **NEVER_PUBLIC.changed(members, now)._asdict(),
    }


def next_version(post: StoredPost, members: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns that change if these members of PostChanges are set now, and `html` and `renderer` if they have been
    made of the body among them. If nothing differs, nothing changes, the version included. Raises InvalidPublication.
    """
    columns = _own_columns(post, members)
    publication = post.publication.changed(members, now)
    if publication != post.publication:
        columns |= {**publication._asdict(), "unpublished_reason": None}
    if not columns:
        return {}
    columns |= {**_counted(post, now), **_summary(post, members)}
    if "html" in members:
        columns |= {"html": members["html"], "renderer": members["renderer"], "derived_version": columns["version"]}
    return columns


def scheduled_version(post: StoredPost, now: datetime) -> dict[str, Any]:
    """The columns that change when the post is published at the instant that it was scheduled for."""
    return {"state": State.PUBLISHED, "published_at": post.publish_at, "publish_at": None, **_counted(post, now)}


def unscheduled_version(post: StoredPost, now: datetime) -> dict[str, Any]:
    """The columns that change when the post stays a draft at the instant that it was scheduled for."""
    return {"publish_at": None, **_counted(post, now)}


def derived_columns(post: StoredPost, html: str) -> dict[str, Any]:
    """The columns that are made from the present version of a post, whose body has this HTML."""
    made = {"html": html, "renderer": RENDERER_VERSION, "derived_version": post.view.version}
    return made if post.has_own_summary else {**made, "summary": _made_summary(post.view.body)}


def unpublished_version(post: StoredPost, reason: str, now: datetime) -> dict[str, Any]:
    """The columns that change if a moderator unpublishes the post now."""
    return {"state": State.UNPUBLISHED, "unpublished_reason": reason, **_counted(post, now)}


def _counted(post: StoredPost, now: datetime) -> dict[str, Any]:
    """The columns that change with every change. What is made from a post stays that of its present version; unless it
    is of an older one, because the previous release has written the post since: the periodic job makes it anew."""
    version = post.view.version + 1
    columns = {"version": version, "updated_at": now}
    return {**columns, "derived_version": version} if post.is_derived else columns


def _own_columns(post: StoredPost, members: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that are what their author wrote, and differ."""
    view = post.view
    present = {"title": view.title, "body": view.body, "tags": view.tags, "summary": _own_summary(post)}
    return {name: members[name] for name, value in present.items() if members.get(name, value) != value}


def _own_summary(post: StoredPost) -> str | None:
    return post.view.summary if post.has_own_summary else None


def _summary(post: StoredPost, members: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the summary, which is the author's, or made of the body."""
    own = members.get("summary", _own_summary(post))
    if own is not None:
        return {"summary": own, "has_own_summary": True}
    return {"summary": _made_summary(members.get("body", post.view.body)), "has_own_summary": False}


def _made_summary(body: str) -> str:
    return excerpt(body, SUMMARY_CHARACTERS)
