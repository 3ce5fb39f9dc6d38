"""An administrator takes a role from somebody, disables, signs out or deletes an account, and posts obeys."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from identity_service.installation import ADMINISTRATION_CLIENT
from tests.support.services import PASSWORD, bearer
from tests.support.stack import Stack
from tests.system.conftest import NewPerson

Request = Callable[[str], tuple[str, str, Mapping[str, Any]]]
ACTS: dict[str, Request] = {
    "a role": lambda user: ("PATCH", user, {"json": {"roles": ["user"]}}),
    "the access": lambda user: ("PATCH", user, {"json": {"active": False}}),
    "both": lambda user: ("PATCH", user, {"json": {"roles": ["user"], "active": False}}),
    "the sessions": lambda user: ("DELETE", f"{user}/sessions", {}),
    "the account": lambda user: ("DELETE", user, {}),
}


@pytest.mark.parametrize("request_for", ACTS.values(), ids=ACTS)
async def test_token_from_before_is_refused_by_posts_once_the_answer_names_it(
    running: Stack, http: httpx.AsyncClient, person: NewPerson, request_for: Request
) -> None:
    mia, grace = await person("mia"), await person("grace")
    for name, role in ((grace.username, "admin"), (mia.username, "moderator")):
        running.command("identity", "users", "set-roles", name, "user", role)
    await mia.sign_in()
    form = {"grant_type": "password", "username": grace.username, "password": PASSWORD}
    tokens = await http.post(f"{running.identity}/oauth/token", data=form | {"client_id": ADMINISTRATION_CLIENT})
    headers = bearer(tokens.json()["access_token"]) | {"If-Match": "*", "Prefer": "wait=10"}

    async def status_of_moderation() -> int:
        return (await http.get(f"{running.posts}/moderation/reports", headers=mia.headers)).status_code

    assert await status_of_moderation() == 200
    listed = await http.get(f"{running.identity}/admin/users", params={"q": mia.username}, headers=headers)
    (item,) = listed.json()["items"]
    method, path, options = request_for(f"/admin/users/{item['id']}")
    answer = await http.request(method, f"{running.identity}{path}", headers=headers, **options)
    assert answer.status_code == 200, answer.text
    assert ([one["service"] for one in answer.json()["obeyed"]], answer.json()["outstanding"]) == (["posts"], [])
    assert await status_of_moderation() == 401
