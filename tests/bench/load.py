"""Run the load generator wrk, and servers that are pinned to one core each."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import end_children, start_child
from tests.support.stack import await_answer

SERVER_CORE, CLIENT_CORE = "0", str((os.cpu_count() or 2) - 1)


@dataclass(frozen=True)
class Rate:
    """A result of wrk: requests per second, the 99th percentile in milliseconds, and failed requests."""

    per_second: float
    p99: float
    failed: int


def wrk(url: str, headers: Mapping[str, str], *, connections: int = 32, seconds: int = 4) -> Rate:
    fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    return parse_rate(subprocess.run([*command, *fields, url], capture_output=True, text=True, check=True).stdout)


def parse_rate(output: str) -> Rate:
    """Parse what wrk prints."""
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert p99, output
    assert rate, output
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]
    broken = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", output)))
    return Rate(float(rate[1]), float(p99[1]) * scale, (int(failed[1]) if failed else 0) + broken)


@contextmanager
def server(module: str, url: str, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run `python -m module` on the core of the servers; it is ready when the block begins."""
    command = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", *module.split()]
    child = start_child(module, [_full_path(command[0]), *command[1:]], log, environment=environment)
    try:
        await_answer(child, f"{url}/readyz")
        yield
    finally:
        end_children([child])


def _full_path(program: str) -> str:
    path = shutil.which(program)
    assert path, f"{program} is needed"
    return path
