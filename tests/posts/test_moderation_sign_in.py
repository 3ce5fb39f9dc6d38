"""The operator wants people who moderate to have signed in strongly and a short time ago."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import ValidationError

from posts_service.dependencies import EditorGuard, ModerationGuard
from tests.posts.commenting import comment
from tests.posts.moderating import REASON, unpublish
from tests.posts.people import Person
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.auth.guards import guards_of
from watchword.http._framework import operations
from watchword.testing import Issuer

CHALLENGE = "insufficient_user_authentication"
STRONG_SECONDS = 60


@pytest.fixture
async def strict(databases: Databases, issuer: Issuer) -> AsyncIterator[Posts]:
    """The posts service, where moderators need a second factor of the last five minutes."""
    await databases.empty("posts")
    settings: dict[str, Any] = {"moderation_acr": "mfa", "moderation_max_age": 300}
    async with services.posts(databases, issuer.verifier(), **settings) as posts:
        yield posts


def signed_in(person: Person, acr: str = "mfa", age: float = STRONG_SECONDS) -> Person:
    """The same person, with a token that says how and when they signed in."""
    same = Person(person.issuer, person.username, person.permissions, person.roles, person.id)
    same.headers = person.bearer(acr=acr, auth_time=person.issuer.clock.now().timestamp() - age)
    return same


def code_of(answer: httpx.Response) -> str | None:
    return None if answer.is_success else answer.json()["code"]


async def acts_on(posts: Posts, moderator: Person, post: dict[str, Any], comment_id: str) -> dict[str, httpx.Response]:
    """The answers to every kind of act of a moderator, the last of which deletes."""
    http, headers, url = posts.http, moderator.headers, f"/posts/{post['id']}"
    why = {"reason": REASON}
    return {
        "queue": await http.get("/moderation/reports", headers=headers),
        "report": await http.get(f"/moderation/reports/{uuid4()}", headers=headers),
        "decision": await http.patch(f"/moderation/reports/{uuid4()}", json={"state": "resolved"}, headers=headers),
        "record": await http.get("/moderation/actions", headers=headers),
        "edit": await http.patch(url, json={"title": "Tidier"}, params=why, headers=headers),
        "restoration": await http.post(f"{url}/versions/1/restore", params=why, headers=headers),
        "unpublication": await unpublish(posts, moderator, post),
        "publication": await http.patch(url, json={"state": "published"}, params=why, headers=headers),
        "comment": await http.delete(f"/comments/{comment_id}", params=why, headers=headers),
        "deletion": await http.delete(url, params=why, headers=headers),
    }


@pytest.mark.parametrize(
    ("acr", "age"), [("pwd", 0), ("mfa", 306), ("phr", 306)], ids=["weak", "old", "strong but old"]
)
async def test_every_act_of_a_moderator_is_challenged(
    strict: Posts, ada: Person, moderator: Person, acr: str, age: float
) -> None:
    post = await strict.publish(ada.headers)
    remark = await comment(strict, ada, post["id"])
    answers = await acts_on(strict, signed_in(moderator, acr, age), post, remark["id"])
    assert {act: (answer.status_code, code_of(answer)) for act, answer in answers.items()} == dict.fromkeys(
        answers, (401, CHALLENGE)
    )
    challenges = {answer.headers["WWW-Authenticate"] for answer in answers.values()}
    assert len(challenges) == 1
    assert challenges.pop().endswith('acr_values="mfa", max_age="300"')
    assert (await strict.http.get(f"/posts/{post['id']}")).json()["version"] == post["version"]


@pytest.mark.parametrize("acr", ["mfa", "phr"])
async def test_moderator_who_has_signed_in_so_may_do_it_all(
    strict: Posts, ada: Person, moderator: Person, acr: str
) -> None:
    post = await strict.publish(ada.headers)
    remark = await comment(strict, ada, post["id"])
    answers = await acts_on(strict, signed_in(moderator, acr), post, remark["id"])
    unknown = {"report": "report_not_found", "decision": "report_not_found"}
    assert {act: code_of(answer) for act, answer in answers.items() if not answer.is_success} == unknown


async def test_what_is_ones_own_needs_no_such_sign_in(strict: Posts, ada: Person, moderator: Person) -> None:
    for author in (ada, moderator):
        post = await strict.publish(author.headers)
        url = f"/posts/{post['id']}"
        remark = await comment(strict, author, post["id"])
        assert (await strict.http.patch(url, json={"title": "T"}, headers=author.headers)).status_code == 200
        assert (await strict.http.post(f"{url}/versions/1/restore", headers=author.headers)).status_code == 200
        assert (await strict.http.delete(f"/comments/{remark['id']}", headers=author.headers)).status_code == 204
        assert (await strict.http.delete(url, headers=author.headers)).status_code == 204


async def test_who_may_not_moderate_is_forbidden_and_not_sent_to_sign_in(
    strict: Posts, ada: Person, moderator: Person, stranger: Person
) -> None:
    post = await strict.publish(ada.headers)
    remark = await comment(strict, ada, post["id"])
    answers = await acts_on(strict, stranger, post, remark["id"])
    assert {answer.status_code for answer in answers.values()} == {403}
    # A reason is what makes an act one of a moderator, and without it nothing of somebody else's is changed.
    url = f"/posts/{post['id']}"
    for path in (f"{url}/versions/1/restore", url, f"/comments/{remark['id']}"):
        method = "POST" if path.endswith("restore") else "DELETE"
        answer = await strict.http.request(method, path, headers=moderator.headers)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "reason_required")


async def test_every_operation_that_takes_a_reason_or_is_for_moderators_has_the_guard(posts: Posts) -> None:
    kinds = {}
    for operation in operations(posts.app):
        guards = [guard for guard in guards_of(operation) if isinstance(guard, ModerationGuard)]
        if guards and operation.is_api_route:
            kinds[operation.documented_path, *operation.methods] = isinstance(guards[0], EditorGuard)
    for path, item in posts.app.openapi()["paths"].items():
        for method, description in item.items():
            takes_reason = any(parameter["name"] == "reason" for parameter in description.get("parameters", ()))
            is_for_moderators = path.startswith("/moderation/") or path.endswith("/unpublish")
            expected = True if takes_reason else False if is_for_moderators else None
            assert kinds.get((path, method.upper())) == expected, (path, method)


async def test_document_says_what_the_settings_require(strict: Posts, posts: Posts) -> None:
    paths = strict.app.openapi()["paths"]
    queue = paths["/moderation/reports"]["get"]
    assert {"acr mfa", "max_age 300"}.issubset(queue["x-requires"])
    assert CHALLENGE in str(queue["responses"]["401"])
    edit = paths["/posts/{post_id}"]["patch"]
    assert "acr mfa and max_age 300" in edit["description"]
    assert CHALLENGE in str(edit["responses"]["401"])
    assert CHALLENGE not in str(paths["/posts/{post_id}/like"]["put"]["responses"]["401"])
    usual = posts.app.openapi()["paths"]["/moderation/reports"]["get"]
    assert CHALLENGE not in str(usual["responses"]["401"])
    assert not any("acr" in need for need in usual.get("x-requires", ()))


@pytest.mark.parametrize(
    ("settings", "challenge"),
    [({"moderation_acr": "phr"}, 'acr_values="phr"'), ({"moderation_max_age": "60"}, 'max_age="60"')],
    ids=["strong", "recent"],
)
async def test_one_demand_is_enough(
    databases: Databases, issuer: Issuer, moderator: Person, settings: dict[str, Any], challenge: str
) -> None:
    async with services.posts(databases, issuer.verifier(), **settings) as posts:
        headers = signed_in(moderator, "mfa", 100).headers
        answer = await posts.http.get("/moderation/reports", headers=headers)
        assert (code_of(answer), answer.headers["WWW-Authenticate"].endswith(challenge)) == (CHALLENGE, True)


@pytest.mark.parametrize("seconds", ["0", "59", "315360001"])
async def test_age_within_which_nobody_could_give_a_reason_keeps_the_service_from_starting(
    databases: Databases, issuer: Issuer, seconds: str
) -> None:
    with pytest.raises(ValidationError, match="moderation_max_age"):
        services.posts_parts(databases, issuer.verifier(), moderation_max_age=seconds)


async def test_empty_variables_as_compose_sets_them_are_no_demand(
    databases: Databases, issuer: Issuer, moderator: Person
) -> None:
    empty: dict[str, Any] = {"moderation_acr": "", "moderation_max_age": ""}
    async with services.posts(databases, issuer.verifier(), **empty) as posts:
        assert (await posts.http.get("/moderation/reports", headers=moderator.headers)).status_code == 200
