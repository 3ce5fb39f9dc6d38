"""PostgreSQL goes away under load: honest refusals meanwhile, recovery without help, and nothing promised is lost."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from tests.support.stack import Person, Stack
from tests.support.waiting import until
from tests.system.conftest import NewPerson

WRITERS = 8


@dataclass
class Witness:
    """What the clients were told while the database was away."""

    promised: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    def hear(self, answer: httpx.Response) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code == 201:
            self.promised.append(answer.json()["id"])
        elif answer.status_code != 200 and not (answer.status_code == 503 and "Retry-After" in answer.headers):
            self.unexplained.append(answer.text)


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_every_promise_is_kept_when_postgresql_goes_away_under_load(
    running: Stack, http: httpx.AsyncClient, person: NewPerson, how: str
) -> None:
    people = [await person() for _ in range(WRITERS)]
    witness, over = Witness(), asyncio.Event()
    load = [asyncio.create_task(write_and_read(ada, witness, over)) for ada in people]
    await until(lambda: len(witness.promised) >= 50)
    server = running.databases.server
    # In a thread, so that the load goes on; started again in this one, because it must not outlive its starter.
    await asyncio.to_thread(getattr(server, how))
    await until(lambda: witness.statuses[503] >= 20)
    server.start()
    kept_before = len(witness.promised)
    await until(lambda: len(witness.promised) >= kept_before + 100)
    over.set()
    await asyncio.gather(*load)
    assert witness.unexplained == []
    for post_id in witness.promised:
        assert (await http.get(f"{running.posts}/posts/{post_id}")).status_code == 200
    assert (await (await person("late")).publish()).status_code == 201


async def write_and_read(ada: Person, witness: Witness, over: asyncio.Event) -> None:
    while not over.is_set():
        witness.hear(await ada.publish())
        witness.hear(await ada.http.get(f"{ada.stack.posts}/posts", headers=ada.headers))
        await asyncio.sleep(0)
