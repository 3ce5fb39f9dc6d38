"""The load generator wrk, and servers held to one core each."""

import os
import re
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
    """What wrk saw: requests a second, the 99th percentile in milliseconds, answers that failed or never came."""

    per_second: float
    p99: float
    failed: int


def wrk(url: str, headers: Mapping[str, str], *, connections: int = 32, seconds: int = 4) -> Rate:
    fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    return seen(subprocess.run([*command, *fields, url], capture_output=True, text=True, check=True).stdout)


def seen(out: str) -> Rate:
    """What wrk has printed."""
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    assert found, out
    assert rate, out
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]
    broken = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", out)))
    return Rate(float(rate[1]), float(found[1]) * scale, (int(failed[1]) if failed else 0) + broken)


@contextmanager
def server(module: str, url: str, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """`python -m module serve`, or a file of this folder, on the servers' core."""
    command = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", *module.split()]
    child = start_child(module, [_whole(command[0]), *command[1:]], log, environment=environment)
    try:
        await_answer(child, f"{url}/readyz")
        yield
    finally:
        end_children([child])


def _whole(program: str) -> str:
    found = subprocess.run(["which", program], capture_output=True, text=True, check=True)
    return found.stdout.strip()
