"""A permission is taken from a role over HTTP, and posts obeys."""

import httpx

from identity_service.installation import ADMINISTRATION_CLIENT
from tests.support.services import PASSWORD, bearer, unique
from tests.support.stack import Stack
from tests.system.conftest import NewPerson


async def test_permission_taken_from_a_role_is_refused_by_posts_once_the_answer_names_it(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, mia, grace = await person("ada"), await person("mia"), await person("grace")
    running.command("identity", "users", "set-roles", grace.username, "user", "admin")
    form = {"grant_type": "password", "username": grace.username, "password": PASSWORD}
    answer = await http.post(f"{running.identity}/oauth/token", data=form | {"client_id": ADMINISTRATION_CLIENT})
    headers = bearer(answer.json()["access_token"])
    role = unique("editor")
    draft = {"name": role, "description": "Edits", "permissions": ["post:edit_any", "post:delete_any"]}
    made = await http.post(f"{running.identity}/admin/roles", json=draft, headers=headers)
    running.command("identity", "users", "set-roles", mia.username, "user", role)
    await mia.sign_in()
    url = f"{running.posts}{(await ada.publish()).headers['Location']}"

    async def edited() -> int:
        why, change = {"reason": "A spelling mistake"}, {"title": "Kept"}
        return (await http.patch(url, params=why, json=change, headers=mia.headers)).status_code

    assert await edited() == 200
    taken = await http.put(
        f"{running.identity}/admin/roles/{role}",
        json={"description": "Deletes", "permissions": ["post:delete_any"]},
        headers=headers | {"If-Match": made.headers["ETag"], "Prefer": "wait=10"},
    )
    assert taken.status_code == 200, taken.text
    assert ([one["service"] for one in taken.json()["obeyed"]], taken.json()["outstanding"]) == (["posts"], [])
    assert await edited() == 401
    await mia.refresh()
    assert await edited() == 403
