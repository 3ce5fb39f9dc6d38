"""Measure, under each single fault, the time from the answer to an act until every process of every service refuses."""

import asyncio
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.bench import fault_accounts as accounts
from tests.bench import fault_events as events
from tests.bench import fault_networks as networks
from tests.bench.effort import Effort
from tests.bench.fault_testbed import ACCEPTED, Testbed, probes_of, running_stack, running_testbed
from tests.bench.fault_trial import Case, Row, Trial
from tests.bench.section import Budget, Section
from tests.support.cuts import Proxy
from tests.support.stack import Stack
from tests.support.waiting import until
from watchword.events.store import LEASE_SECONDS

RUNS = 5
MEDIAN_SECONDS, MOST_SECONDS = 4.0, 6.0
PATIENCE_SECONDS = 60.0

ROWS = (
    Row("none", networks.none),
    Row("the process of posts that polls stands still", networks.polling_process_frozen),
    Row("another process of posts stands still", networks.other_process_frozen),
    Row("the process that polls is cut off from the database", networks.polling_process_cut_off),
    Row("the process of identity that holds the poll stands still", networks.polled_process_frozen),
    Row("the LISTEN connections of posts are cut", networks.posts_listens_in_vain),
    Row("the LISTEN connections of identity are cut", networks.identity_listens_in_vain),
    Row("the connections between posts and identity are cut", networks.identity_cut_off),
    Row("an effect fails: of the deleted account", events.effect_fails_of_the_deleted, events.author),
    Row("an effect fails: of another account", events.effect_fails_meanwhile),
    Row("a row of its posts is locked: the deleted account", events.row_locked_of_the_deleted, events.author),
    Row("a row of posts is locked: another account", events.row_locked_meanwhile),
    Row("the stream is disabled and enabled again", events.stream_disabled_and_enabled),
    Row("the stream is deleted, and made anew", events.stream_deleted),
    Row("one push receiver takes 4.5 s per event", events.push_receiver_slow),
    Row("another role of the database notifies every channel, and takes advisory locks", events.strangers_notify),
    Row("6,000 sessions end: one of them", accounts.many_sessions),
    Row("6,000 sessions end: another account", accounts.many_sessions_of_another),
    Row("600 polls of another client", events.many_polls),
    Row("600 polls of the stream of posts by somebody else", events.many_polls_of_posts),
    Row("the clocks of identity differ by 4 s", accounts.clocks_apart, accounts.moderator),
    Row("the database is killed and started again", networks.database_restarted),
    Row("a signing key is withdrawn", accounts.key_withdrawn),
)


def measure(home: Path, effort: Effort) -> Section:
    runs = 1 if effort.is_trial else RUNS
    with running_stack(home) as parts:
        results = asyncio.run(_measure(*parts, runs))
    lines = ["| Fault | median s | max s |", "|---|---|---|"]
    lines += [f"| {name} | {median(times):.2f} | {max(times):.2f} |" for name, times in results.items()]
    missed = [name for name, times in results.items() if not _holds(times)]
    terms = f"{runs} runs each; budget: median below {MEDIAN_SECONDS:.0f} s, none above {MOST_SECONDS:.0f} s"
    verdict = f"Missed by: {'; '.join(missed)}" if missed else "Each row holds"
    budget = Budget("rows that miss the budget", len(missed), most=0)
    return Section("\n".join([*lines, "", f"{terms}. {verdict}."]), [budget])


def _holds(times: list[float]) -> bool:
    return median(times) < MEDIAN_SECONDS and max(times) <= MOST_SECONDS


async def _measure(running: Stack, to_database: Proxy, to_identity: Proxy, runs: int) -> dict[str, list[float]]:
    async with running_testbed(running, to_database, to_identity) as testbed:
        return {row.name: [await _run_or_never(testbed, row) for _ in range(runs)] for row in ROWS}


async def _run_or_never(testbed: Testbed, row: Row) -> float:
    """The seconds of one run; infinitely many if something was never refused."""
    try:
        seconds = await _run(testbed, row)
    except (AssertionError, TimeoutError) as error:
        print(f"{row.name}: {error!r}", file=sys.stderr, flush=True)
        return math.inf
    print(f"{row.name}: {seconds:.3f} s", file=sys.stderr, flush=True)
    return seconds


async def _run(testbed: Testbed, row: Row) -> float:
    await testbed.settle()
    ada = await row.person(testbed)
    async with probes_of(testbed) as probes:
        await probes.all_accept(ada)
        case = Case(testbed, probes, ada)
        async with row.fault(case) as trial, asyncio.timeout(PATIENCE_SECONDS):
            began = await trial.act()
            ends = await asyncio.gather(probes.last_refusal(ada, besides=trial.still), _time_of(trial.is_done))
            if trial.still is not None:
                await _ensure_it_wakes_to_a_refusal(case, trial)
    # What was refused before the answer came counts as refused with it.
    return max(0.0, max(ends) - began)


async def _time_of(is_done: Callable[[], bool]) -> float:
    await until(is_done)
    return time.monotonic()


async def _ensure_it_wakes_to_a_refusal(case: Case, trial: Trial) -> None:
    """The first answer of the process that stands still, which has done so for longer than its lease was valid."""
    assert trial.still is not None
    await until(lambda: time.monotonic() - trial.since > LEASE_SECONDS + 1)
    probe = case.probes.at(trial.still)
    first = await probe.sent(case.ada)
    trial.wake()
    assert (await first).status_code != ACCEPTED[probe.service], "its first answer was no refusal"
