"""Through Caddy and over all replicas: ownership of posts, rotation of keys, revocation."""

import asyncio
from collections.abc import Sequence

import httpx

from tests.identity.answers import header_of
from tests.support.containers import Containers
from tests.support.person import Person
from tests.support.waiting import until
from tests.system.conftest import NewPerson

# Runs in the container of a replica: requests it until the token is refused, and prints the time of that.
ASK_UNTIL_REFUSED = """
import http.client, sys, time
token = sys.argv[1]
def status():
    connection = http.client.HTTPConnection("127.0.0.1", 8002, timeout=5)
    connection.request("PATCH", "/posts/00000000-0000-7000-8000-000000000000", body="{}",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    return connection.getresponse().status
assert status() == 404
print("accepted", flush=True)
until = time.monotonic() + 60
while status() != 401:
    assert time.monotonic() < until
    time.sleep(0.01)
print(time.time())
"""


async def test_a_user_publishes_and_nobody_else_can_touch_the_post(
    running: Containers, http: httpx.AsyncClient, person: NewPerson
) -> None:
    ada, eve = await person("ada"), await person("eve")
    url = f"{running.posts}{(await ada.publish()).headers['Location']}"
    # More requests than there are replicas.
    for _ in range(6):
        assert (await http.get(url)).json()["author"]["username"] == ada.username
        assert (await http.patch(url, json={"title": "Mine"}, headers=eve.headers)).status_code == 403
        assert (await http.patch(url, json={"title": "Better"})).status_code == 401
        assert (await http.patch(url, json={"title": "Better"}, headers=ada.headers)).status_code == 200
    draft = f"{running.posts}{(await ada.publish(state='draft')).headers['Location']}"
    assert (await http.get(draft, headers=eve.headers)).status_code == 404
    assert (await http.delete(url, headers=ada.headers)).status_code == 204


async def test_a_refresh_token_rotates_once_over_all_replicas(person: NewPerson, running: Containers) -> None:
    ada = await person()
    requests = [ada.http.post(f"{running.identity}/oauth/token", data=refresh(ada)) for _ in range(12)]
    answers = [answer.json() for answer in await asyncio.gather(*requests)]
    assert len({answer["refresh_token"] for answer in answers}) == 1


def refresh(ada: Person) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}


async def test_a_logout_at_one_replica_is_obeyed_by_all_of_posts(running: Containers, person: NewPerson) -> None:
    ada = await person()
    replicas = running.replicas("posts")
    assert len(replicas) == 3
    processes = [await request_until_refused(container, ada.tokens["access_token"]) for container in replicas]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"accepted\n"
    answer = await ada.http.delete(f"{running.identity}/sessions/current", headers=ada.identity_headers)
    assert answer.status_code == 204
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0, 0, 0], outputs


async def request_until_refused(container: str, token: str) -> asyncio.subprocess.Process:
    command: Sequence[str] = ("docker", "exec", container, "python", "-c", ASK_UNTIL_REFUSED, token)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)


async def test_a_rotated_key_is_known_by_every_replica(
    running: Containers, http: httpx.AsyncClient, person: NewPerson
) -> None:
    before = await person()
    url = f"{running.posts}/posts?limit=1"
    new_key = running.command("identity", "keys", "rotate").split()[0]

    async def signs() -> bool:
        """Return whether the new key signs. Until then every replica accepts a token of the old key too."""
        ada = await person()
        for holder in (before, ada):
            answers = await asyncio.gather(*(http.get(url, headers=holder.headers) for _ in range(6)))
            assert [answer.status_code for answer in answers] == [200] * 6
        return bool(header_of(ada.tokens["access_token"])["kid"] == new_key)

    await until(signs)
