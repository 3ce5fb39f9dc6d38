"""The rules, as pure functions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts_service.errors import NotTheAuthor, PostNotFound
from posts_service.posts.policy import Owned, Permission, ensure_can_delete, ensure_can_edit, ensure_can_see
from watchword.auth import Principal
from watchword.errors import AppError

AUTHOR = "01890a5d-ac96-774b-bcce-b302099a8057"
EDIT, DELETE = Permission.POST_EDIT_ANY, Permission.POST_DELETE_ANY


@dataclass(frozen=True)
class APost:
    """Ada's post, as far as the rules need it."""

    published: bool
    unpublished: bool = False

    def is_by(self, subject: str) -> bool:
        return subject == AUTHOR

    def is_published(self) -> bool:
        return self.published

    def is_unpublished(self) -> bool:
        return self.unpublished


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
PUBLISHED, DRAFT = APost(published=True), APost(published=False)
CALLERS = {
    "author": caller(AUTHOR),
    "stranger": caller(),
    "admin by name": caller(role="admin"),
    "editor": caller("somebody", EDIT),
    "deleter": caller("somebody", DELETE),
    "moderator": caller("somebody", EDIT, DELETE),
    "service with the author's id": caller(AUTHOR, session=None),
}
# See, edit, delete a published post: the refusal, or None if this is allowed.
OUTCOMES: dict[str, tuple[type[AppError] | None, ...]] = {
    "author": (None, None, None),
    "stranger": (None, NotTheAuthor, NotTheAuthor),
    "admin by name": (None, NotTheAuthor, NotTheAuthor),
    "editor": (None, None, NotTheAuthor),
    "deleter": (None, NotTheAuthor, None),
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


def test_an_unpublished_post_exists_for_its_author_and_for_those_who_may_unpublish_posts() -> None:
    unpublished = APost(published=False, unpublished=True)
    moderator = caller("somebody", Permission.POST_UNPUBLISH_ANY)
    assert outcome(ensure_can_see, moderator, unpublished) is None
    assert outcome(ensure_can_see, moderator, DRAFT) is PostNotFound
    for name, who in CALLERS.items():
        assert outcome(ensure_can_see, who, unpublished) is (None if name == "author" else PostNotFound)


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
