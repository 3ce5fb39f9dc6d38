"""PostgreSQL stops under load: requests are refused with 503, recovery is automatic, and no accepted write is lost."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from tests.support.person import Person
from tests.support.stack import Stack
from tests.support.waiting import until
from tests.system.conftest import NewPerson

WRITERS = 8


@dataclass
class Witness:
    """The answers that clients received: ids of accepted posts, statuses, and unexpected answers."""

    promised: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    def note(self, answer: httpx.Response) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code == 201:
            self.promised.append(answer.json()["id"])
        elif answer.status_code != 200 and not (answer.status_code == 503 and "Retry-After" in answer.headers):
            self.unexplained.append(answer.text)


@pytest.mark.parametrize("method", ["stop", "kill"])
async def test_no_accepted_post_is_lost_when_postgresql_stops_under_load(
    running: Stack, http: httpx.AsyncClient, person: NewPerson, method: str
) -> None:
    people = [await person() for _ in range(WRITERS)]
    witness, over = Witness(), asyncio.Event()
    load = [asyncio.create_task(write_and_read(ada, witness, over)) for ada in people]
    await until(lambda: len(witness.promised) >= 50)
    server = running.databases.server
    # Stopped in another thread, so that the load goes on; started in this one, because it ends with its starter.
    await asyncio.to_thread(getattr(server, method))
    await until(lambda: witness.statuses[503] >= 20)
    server.start()
    count = len(witness.promised)
    await until(lambda: len(witness.promised) >= count + 100)
    over.set()
    await asyncio.gather(*load)
    assert witness.unexplained == []
    for post_id in witness.promised:
        assert (await http.get(f"{running.posts}/posts/{post_id}")).status_code == 200
    assert (await (await person("late")).publish()).status_code == 201


async def write_and_read(ada: Person, witness: Witness, over: asyncio.Event) -> None:
    while not over.is_set():
        witness.note(await ada.publish())
        witness.note(await ada.http.get(f"{ada.stack.posts}/posts", headers=ada.headers))
        await asyncio.sleep(0)
