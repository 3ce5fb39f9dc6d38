"""Run the load generator wrk, and read what it prints."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE, CLIENT_CORE = "0", str((os.cpu_count() or 2) - 1)
LUA = Path(__file__).with_name("lua")
# What wrk may take longer than it was told, before it is ended.
GRACE_SECONDS = 30
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Rate:
    """A result of wrk: requests per second, latencies in milliseconds, failed requests, and all that were answered."""

    per_second: float
    p50: float
    p99: float
    failed: int
    answered: int


def wrk(
    url: str,
    headers: Mapping[str, str],
    *,
    connections: int = 32,
    seconds: int = 4,
    script: Sequence[str] = (),
    core: str | None = CLIENT_CORE,
) -> Rate:
    """Send requests for so long; `script` is the name of a Lua file and the arguments of its `init`."""
    fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    lua = ["-s", str(LUA / script[0])] if script else []
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *lua, *fields, url, "--", *script[1:]]
    pinned = ["taskset", "-c", core] if core is not None else []
    ended = subprocess.run(
        [*pinned, *command], capture_output=True, text=True, check=True, timeout=seconds + GRACE_SECONDS
    )
    return parse_rate(ended.stdout)


def parse_rate(output: str) -> Rate:
    """Parse what wrk prints. Latencies of a server that has answered nothing are infinite."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    answered = re.search(r"(\d+) requests in", output)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    assert rate, output
    assert answered, output
    broken = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", output)))
    return Rate(
        per_second=float(rate[1]),
        p50=_percentile(output, 50) if int(answered[1]) else float("inf"),
        p99=_percentile(output, 99) if int(answered[1]) else float("inf"),
        failed=(int(failed[1]) if failed else 0) + broken,
        answered=int(answered[1]),
    )


def _percentile(output: str, percent: int) -> float:
    latency = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s|m)\b", output)
    assert latency, output
    return float(latency[1]) * MILLISECONDS[latency[2]]
