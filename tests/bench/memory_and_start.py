"""Measure how soon `make run` is ready when everything is there already, and the memory of both services when idle."""

import time
from pathlib import Path
from statistics import median

import psutil

from deploy.common import SERVICES
from tests.bench.effort import Effort
from tests.bench.peers import environments
from tests.bench.section import Budget, Section
from tests.deploy.local_command import LocalCommand, local_command

IDLE_SECONDS = 5.0
MOST_SECONDS, MOST_MEGABYTES = 6.0, 110.0


def measure(home: Path, effort: Effort) -> Section:
    python = environments.services()
    if python is None:
        raise RuntimeError("without what `make run` installs there is nothing to measure")
    ready: list[float] = []
    memory: dict[str, list[float]] = {service: [] for service in SERVICES}
    first, _ = _start(home, python)
    for _ in range(effort.rounds):
        seconds, megabytes = _start(home, python)
        ready.append(seconds)
        for service in SERVICES:
            memory[service].append(megabytes[service])
    lines = ["| What | median | least | most |", "|---|---|---|---|"]
    lines.append(f"| both services ready, s | {median(ready):.1f} | {min(ready):.1f} | {max(ready):.1f} |")
    for service, sizes in memory.items():
        lines.append(f"| {service}, idle, MB | {median(sizes):.0f} | {min(sizes):.0f} | {max(sizes):.0f} |")
    note = f"Starts: {effort.rounds}. The very first, which makes the database, took {first:.1f} s."
    budgets = [
        Budget("both services ready", median(ready), most=MOST_SECONDS, unit=" s"),
        *(Budget(f"{name}, idle", median(sizes), most=MOST_MEGABYTES, unit=" MB") for name, sizes in memory.items()),
    ]
    return Section("\n".join([*lines, "", note]), budgets)


def _start(home: Path, python: Path) -> tuple[float, dict[str, float]]:
    """Seconds until both services are ready, and the megabytes of each some seconds later."""
    began = time.perf_counter()
    with local_command("run", home, python=str(python)) as command:
        seconds = time.perf_counter() - began
        # What is measured is a process that has had nothing to do for a while.
        time.sleep(IDLE_SECONDS)
        megabytes = {service: _megabytes(command, service) for service in SERVICES}
        command.interrupt()
    return seconds, megabytes


def _megabytes(command: LocalCommand, service: str) -> float:
    """The resident set of the process that listens on the port of this service."""
    processes = psutil.Process(command.process.pid).children(recursive=True)
    (process,) = (each for each in processes if command.ports[service] in _listening_ports(each))
    return float(process.memory_info().rss) / 1e6


def _listening_ports(process: psutil.Process) -> set[int]:
    connections = process.net_connections("tcp")
    return {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}
