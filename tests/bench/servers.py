"""Run servers that are pinned to one core, and read how much CPU time and memory they take."""

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local.processes import end_children, start_child
from tests.bench.load import SERVER_CORE
from tests.support.stack import await_answer


@dataclass(frozen=True)
class Server:
    """A server that is ready: its name in the tables, its URL, its process, and what its requests carry."""

    name: str
    url: str
    process: int
    headers: Mapping[str, str] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """The CPU time of its processes until now."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def resident_bytes(self) -> int:
        """The resident set of its processes, without that of a parent that only watches workers."""
        parent, *workers = self._processes()
        # With several workers, Python's own resource tracker is a child as well.
        serving = [worker for worker in workers if "resource_tracker" not in " ".join(worker.cmdline())]
        return sum(process.memory_info().rss for process in serving or [parent])

    def _processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process)
        return [parent, *parent.children(recursive=True)]


@contextmanager
def server(
    name: str, module: str, url: str, environment: Mapping[str, str], log: Path, core: str | None = SERVER_CORE
) -> Iterator[Server]:
    """Run `python -m module`, on the core of the servers or on all; it is ready when the block begins."""
    with command_server(name, [sys.executable, "-m", *module.split()], url, environment, log, core) as running:
        yield running


@contextmanager
def command_server(
    name: str, command: Sequence[str], url: str, environment: Mapping[str, str], log: Path, core: str | None
) -> Iterator[Server]:
    """Run a command on one core or, without `core`, on all. The block begins when /readyz has answered."""
    pinned = [full_path("taskset"), "-c", core] if core is not None else []
    child = start_child(name, [*pinned, *command], log, environment=environment)
    try:
        await_answer(child, f"{url}/readyz")
        yield Server(name, url, child.process.pid)
    finally:
        end_children([child])


def full_path(program: str) -> str:
    path = shutil.which(program)
    assert path, f"{program} is needed"
    return path
