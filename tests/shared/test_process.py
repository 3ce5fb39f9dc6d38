"""How the process of a service stops, and what its command line does."""

import asyncio
import gc
import os
import signal
from collections.abc import Iterator

import pytest

import posts_service.cli
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.service import exit_on_sigterm, on_shutdown_signal
from watchword.service.process import ALLOCATIONS_PER_COLLECTION
from watchword.testing import Issuer


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """The handlers of the test run, put back after the test."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_shutdown_signal_runs_the_callback_in_the_loop_and_the_previous_handler(number: signal.Signals) -> None:
    previous: list[int] = []
    signal.signal(number, lambda signum, _: previous.append(signum))
    callback_ran = asyncio.Event()
    on_shutdown_signal(callback_ran.set)
    os.kill(os.getpid(), number)
    await asyncio.wait_for(callback_ran.wait(), 30)
    assert previous == [number]


async def test_several_callbacks_all_run() -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)
    events = [asyncio.Event() for _ in range(3)]
    for event in events:
        on_shutdown_signal(event.set)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in events)), 30)


async def test_a_callback_that_is_taken_away_does_not_run() -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)
    ran: list[str] = []
    forget = on_shutdown_signal(lambda: ran.append("the first"))
    event = asyncio.Event()
    on_shutdown_signal(event.set)
    forget()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(event.wait(), 30)
    assert ran == []


async def test_a_thousand_callbacks_are_one_handler() -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)
    for _ in range(1_000):
        on_shutdown_signal(lambda: None)
    event = asyncio.Event()
    on_shutdown_signal(event.set)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(event.wait(), 30)


async def test_a_signal_that_the_process_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    on_shutdown_signal(lambda: None)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


async def test_outside_the_main_thread_no_handler_is_set() -> None:
    before = signal.getsignal(signal.SIGTERM)
    await asyncio.to_thread(on_shutdown_signal, lambda: None)
    assert signal.getsignal(signal.SIGTERM) == before


def test_sigterm_exits_with_status_143() -> None:
    exit_on_sigterm()
    with pytest.raises(SystemExit) as exit_:
        os.kill(os.getpid(), signal.SIGTERM)
    assert exit_.value.code == 143


@pytest.mark.parametrize("arguments", [[], ["dance"], ["new-migration"], ["serve", "now"]])
def test_a_wrong_command_line_exits_with_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        posts_service.cli.main(arguments)
    assert exit_.value.code == 2
    assert "python -m posts_service" in capsys.readouterr().err


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    posts_service.cli.main(["--help"])
    text = capsys.readouterr().out
    assert all(command in text for command in ("serve", "migrate", "new-migration"))


async def test_garbage_of_a_service_is_looked_for_less_often_than_python_would(posts: Posts) -> None:
    assert gc.get_threshold()[0] == ALLOCATIONS_PER_COLLECTION


async def test_second_app_of_a_process_is_not_kept_from_the_garbage_collector(
    posts: Posts, databases: Databases, issuer: Issuer
) -> None:
    frozen = gc.get_freeze_count()
    async with services.posts(databases, issuer.verifier(services.POSTS_URL)):
        assert 0 < gc.get_freeze_count() <= frozen
