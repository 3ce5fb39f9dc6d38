"""The main job: register, sign in, publish, and nobody else can change the post."""

import httpx

from tests.support.stack import Stack
from tests.system.conftest import NewPerson


async def test_a_user_publishes_and_nobody_else_can_touch_the_post(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, eve = await person("ada"), await person("eve")
    published = await ada.publish()
    assert published.status_code == 201
    url = f"{running.posts}{published.headers['Location']}"
    assert (await http.get(url)).json()["author"]["username"] == ada.username
    for method in ("PATCH", "DELETE"):
        body = {"title": "Mine"} if method == "PATCH" else None
        assert (await http.request(method, url, json=body, headers=eve.headers)).status_code == 403
        anonymous = await http.request(method, url, json=body)
        assert anonymous.status_code == 401
        assert anonymous.headers["WWW-Authenticate"].startswith("Bearer")
        as_refresh = {"Authorization": f"Bearer {ada.tokens['refresh_token']}"}
        assert (await http.request(method, url, json=body, headers=as_refresh)).status_code == 401
    assert (await http.patch(url, json={"title": "Better"}, headers=ada.headers)).json()["title"] == "Better"
    assert (await http.delete(url, headers=ada.headers)).status_code == 204


async def test_a_draft_does_not_exist_for_others(running: Stack, http: httpx.AsyncClient, person: NewPerson) -> None:
    ada, eve = await person("ada"), await person("eve")
    url = f"{running.posts}{(await ada.publish(state='draft')).headers['Location']}"
    assert (await http.get(url, headers=ada.headers)).status_code == 200
    for method, body in (("GET", None), ("PATCH", {"title": "Mine"}), ("DELETE", None)):
        assert (await http.request(method, url, json=body, headers=eve.headers)).status_code == 404


async def test_a_moderator_gets_the_permission_with_the_next_refresh(
    running: Stack, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, mia = await person("ada"), await person("mia")
    url = f"{running.posts}{(await ada.publish()).headers['Location']}"
    assert (await http.patch(url, json={"title": "Kept"}, headers=mia.headers)).status_code == 403
    running.command("identity", "users", "set-roles", mia.username, "user", "moderator")
    await mia.refresh()
    why = {"reason": "A spelling mistake"}
    assert (await http.patch(url, params=why, json={"title": "Kept"}, headers=mia.headers)).status_code == 200


async def test_one_request_has_one_id_in_the_answer_and_in_the_log(running: Stack, http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{running.posts}/posts", json={}, headers={"X-Request-ID": "walk-1"})
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "walk-1"
    assert '"request_id":"walk-1"' in running.log("posts")
