"""Metrics of the serving processes themselves: of one, or the sums over several."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tests.support.metrics import Scrape, scrape
from tests.support.services import Identity, Posts
from watchword.metrics import Metrics, watch_process, workers
from watchword.metrics.process import ServingProcesses

NAMES = {
    "process_virtual_memory_bytes",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_max_fds",
}
GARBAGE = {"python_gc_collections_total", "python_gc_objects_collected_total", "python_gc_objects_uncollectable_total"}


def of_processes(*process_ids: int) -> Scrape:
    registry = CollectorRegistry()
    registry.register(ServingProcesses(lambda: process_ids))
    return Scrape(generate_latest(registry).decode())


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


async def test_both_services_show_their_processes(identity: Identity, posts: Posts) -> None:
    for http in (identity.http, posts.http):
        figures = await scrape(http)
        assert {*NAMES, *GARBAGE, "python_info"} <= figures.types.keys()
        assert all(figures(name) > 0 for name in NAMES)
        assert figures("python_gc_collections_total", generation="0") > 0


def test_descriptors_are_those_that_are_open(tmp_path: Path) -> None:
    metrics = Metrics()
    watch_process(metrics)
    before = Scrape(metrics.render().decode())("process_open_fds")
    with ExitStack() as files:
        for number in range(100):
            files.enter_context((tmp_path / str(number)).open("w"))
        assert Scrape(metrics.render().decode())("process_open_fds") >= before + 90


def test_several_processes_are_added_up(child: subprocess.Popen[bytes]) -> None:
    own, other = of_processes(os.getpid()), of_processes(child.pid)
    both = of_processes(os.getpid(), child.pid)
    assert both("process_max_fds") == own("process_max_fds") + other("process_max_fds")
    assert both("process_virtual_memory_bytes") > max(
        own("process_virtual_memory_bytes"), other("process_virtual_memory_bytes")
    )
    assert both("process_start_time_seconds") == own("process_start_time_seconds")


def test_a_process_that_has_ended_is_left_out(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    assert of_processes(child.pid).names == set()
    assert of_processes(os.getpid(), child.pid)("process_max_fds") == of_processes(os.getpid())("process_max_fds")


def test_the_serving_processes_are_those_that_write_metrics_and_live(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    for process_id in (os.getpid(), child.pid):
        for kind in ("counter", "histogram", "gauge_livesum"):
            (tmp_path / f"{kind}_{process_id}.db").touch()
    assert workers.process_ids(tmp_path) == {os.getpid(), child.pid}
    child.kill()
    child.wait()
    assert workers.process_ids(tmp_path) == {os.getpid()}
