"""The rules, as pure functions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts_service.actions.models import Action
from posts_service.errors import NotTheAuthor, PostNotFound, UnpublishedByModerator
from posts_service.posts.models import State
from posts_service.posts.policy import (
    Owned,
    Permission,
    ensure_can_change,
    ensure_can_delete,
    ensure_can_edit,
    ensure_can_see,
    recorded_actions,
)
from watchword.auth import Principal
from watchword.errors import AppError

AUTHOR = "01890a5d-ac96-774b-bcce-b302099a8057"
EDIT, DELETE, UNPUBLISH = Permission.POST_EDIT_ANY, Permission.POST_DELETE_ANY, Permission.POST_UNPUBLISH_ANY


@dataclass(frozen=True)
class APost:
    """Ada's post, as far as the rules need it."""

    state: State

    def is_by(self, subject: str) -> bool:
        return subject == AUTHOR

    def is_published(self) -> bool:
        return self.state == State.PUBLISHED

    def is_unpublished(self) -> bool:
        return self.state == State.UNPUBLISHED


def caller(subject: str = "somebody", *permissions: str, session: str | None = "session", role: str = "") -> Principal:
    return Principal(
        subject=subject,
        client_id="web",
        token_id="token",
        issued_at=datetime.fromtimestamp(0, UTC),
        expires_at=datetime.fromtimestamp(600, UTC),
        session_id=session,
        username="somebody" if session else None,
        scopes=frozenset({"posts:write"}),
        roles=frozenset({role}),
        permissions=frozenset(permissions),
    )


Act = Callable[[Principal, Owned], None]
PUBLISHED, DRAFT, UNPUBLISHED = APost(State.PUBLISHED), APost(State.DRAFT), APost(State.UNPUBLISHED)
CALLERS = {
    "author": caller(AUTHOR),
    "stranger": caller(),
    "admin by name": caller(role="admin"),
    "editor": caller("somebody", EDIT),
    "deleter": caller("somebody", DELETE),
    "unpublisher": caller("somebody", UNPUBLISH),
    "moderator": caller("somebody", *Permission),
    "service with the author's id": caller(AUTHOR, session=None),
}
# See, edit, delete a published post: the refusal, or None if this is allowed.
OUTCOMES: dict[str, tuple[type[AppError] | None, ...]] = {
    "author": (None, None, None),
    "stranger": (None, NotTheAuthor, NotTheAuthor),
    "admin by name": (None, NotTheAuthor, NotTheAuthor),
    "editor": (None, None, NotTheAuthor),
    "deleter": (None, NotTheAuthor, None),
    "unpublisher": (None, NotTheAuthor, NotTheAuthor),
    "moderator": (None, None, None),
    "service with the author's id": (None, NotTheAuthor, NotTheAuthor),
}
ACTS: tuple[Act, ...] = (ensure_can_see, ensure_can_edit, ensure_can_delete)


def outcome(act: Act, who: Principal, post: Owned) -> type[AppError] | None:
    try:
        act(who, post)
    except AppError as refusal:
        return type(refusal)
    return None


@pytest.mark.parametrize("name", CALLERS)
def test_what_each_may_do_to_a_published_post(name: str) -> None:
    assert tuple(outcome(act, CALLERS[name], PUBLISHED) for act in ACTS) == OUTCOMES[name]


@pytest.mark.parametrize("name", CALLERS)
def test_a_draft_exists_for_its_author_alone(name: str) -> None:
    expected = None if name == "author" else PostNotFound
    assert {outcome(act, CALLERS[name], DRAFT) for act in ACTS} == {expected}


@pytest.mark.parametrize("name", CALLERS)
def test_what_a_moderator_has_unpublished_exists_for_its_author_and_for_those_who_may_unpublish(name: str) -> None:
    outcomes = tuple(outcome(act, CALLERS[name], UNPUBLISHED) for act in ACTS)
    assert outcomes == (OUTCOMES[name] if name in ("author", "unpublisher", "moderator") else (PostNotFound,) * 3)
    with pytest.raises(PostNotFound):
        ensure_can_see(None, UNPUBLISHED)


# What each may set of an unpublished and of a published post: again the refusal, or None.
AGAIN: dict[str, dict[str, Any]] = {"again": {"state": "published"}, "as draft": {"state": "draft"}}
PUBLICATIONS: dict[str, tuple[type[AppError] | None, ...]] = {
    "author": (UnpublishedByModerator, UnpublishedByModerator, None),
    "stranger": (PostNotFound, PostNotFound, NotTheAuthor),
    "editor": (PostNotFound, PostNotFound, NotTheAuthor),
    "unpublisher": (None, NotTheAuthor, NotTheAuthor),
    "moderator": (None, NotTheAuthor, NotTheAuthor),
}


@pytest.mark.parametrize("name", PUBLICATIONS)
def test_who_decides_whether_others_see_a_post(name: str) -> None:
    def refusal(post: APost, members: dict[str, Any]) -> type[AppError] | None:
        return outcome(lambda who, what: ensure_can_change(who, what, members), CALLERS[name], post)

    unpublished = tuple(refusal(UNPUBLISHED, members) for members in AGAIN.values())
    assert (*unpublished, refusal(PUBLISHED, AGAIN["as draft"])) == PUBLICATIONS[name]


def test_to_publish_again_with_another_text_needs_the_permission_to_edit_too() -> None:
    members = {"state": "published", "title": "Tidier"}
    with pytest.raises(NotTheAuthor):
        ensure_can_change(CALLERS["unpublisher"], UNPUBLISHED, members)
    ensure_can_change(CALLERS["moderator"], UNPUBLISHED, members)
    assert recorded_actions(CALLERS["moderator"], UNPUBLISHED, members) == [Action.PUBLISH, Action.EDIT]


def test_an_author_who_is_a_moderator_publishes_again_on_the_record_and_edits_off_it() -> None:
    who = caller(AUTHOR, *Permission)
    ensure_can_change(who, UNPUBLISHED, AGAIN["again"])
    assert recorded_actions(who, UNPUBLISHED, AGAIN["again"]) == [Action.PUBLISH]
    assert recorded_actions(who, PUBLISHED, {"title": "Mine", "state": "draft"}) == []


def test_everybody_may_see_a_published_post_and_nobody_else_a_draft() -> None:
    ensure_can_see(None, PUBLISHED)
    with pytest.raises(PostNotFound):
        ensure_can_see(None, DRAFT)


names = st.text(max_size=20) | st.sampled_from(list(Permission))
strangers = st.text(min_size=1, max_size=40).filter(lambda subject: subject != AUTHOR)


@given(subject=strangers, permissions=st.frozensets(names), role=names)
def test_nothing_a_token_says_opens_the_draft_of_another(subject: str, permissions: frozenset[str], role: str) -> None:
    who = caller(subject, *permissions, role=role)
    assert {outcome(act, who, DRAFT) for act in ACTS} == {PostNotFound}


@given(subject=strangers, permissions=st.frozensets(names), role=names)
def test_only_the_permission_itself_opens_the_post_of_another(
    subject: str, permissions: frozenset[str], role: str
) -> None:
    who = caller(subject, *permissions, role=role)
    assert (outcome(ensure_can_edit, who, PUBLISHED) is None) == (EDIT in permissions)
    assert (outcome(ensure_can_delete, who, PUBLISHED) is None) == (DELETE in permissions)
