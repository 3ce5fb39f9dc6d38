"""`python -m tests.soak [connections] [seconds of churn]`: 1,000 streams, 1,000 WebSockets, 200 people, 100 sign-outs,
and churn. `python -m tests.soak [--write] memory [seconds]`: what grows under a steady load, for an hour by default."""

import argparse
import resource
import sys
import tempfile
from pathlib import Path

from tests.bench import machine, stored
from tests.soak.memory import soak_memory
from tests.soak.open_connections import Size, soak

BUDGET_MILLISECONDS = 250
CONNECTIONS, MEMORY = "connections", "memory"
# Of the churn, and of the load.
DEFAULT_SECONDS = {CONNECTIONS: 600.0, MEMORY: 3_600.0}
STORED_NAME = "memory-under-load"


def main(arguments: list[str]) -> int:
    part, seconds, is_written = parse(arguments)
    # Each connection is a file here and one in a service, which inherits the limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as home:
        if part == MEMORY:
            return _memory(Path(home), seconds, write=is_written)
        return _connections(Path(home), seconds)


def parse(arguments: list[str]) -> tuple[str, float, bool]:
    """The part to run, for how many seconds, and whether its table is to be stored."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("part", choices=DEFAULT_SECONDS)
    parser.add_argument("seconds", type=float, nargs="?")
    parser.add_argument("--write", action="store_true", help="store the table of memory for docs/performance.md")
    names_part = not DEFAULT_SECONDS.keys().isdisjoint(arguments)
    options = parser.parse_args(arguments if names_part else [CONNECTIONS, *arguments])
    if options.write and options.part != MEMORY:
        parser.error("only the table of memory is stored")
    seconds = DEFAULT_SECONDS[options.part] if options.seconds is None else options.seconds
    return options.part, seconds, options.write


def _connections(home: Path, churn_seconds: float) -> int:
    findings = soak(home, Size(1_000, 1_000, 200, 100, churn_seconds))
    print(findings)
    is_exact = not (findings.not_ended or findings.ended_wrongly or findings.not_told or findings.left)
    return 0 if is_exact and findings.p99 < BUDGET_MILLISECONDS else 1


def _memory(home: Path, seconds: float, *, write: bool) -> int:
    section = soak_memory(home, seconds)
    print(section.markdown)
    if write:
        stored.store(STORED_NAME, section, machine.description(f"one run of {seconds / 60:.3g} minutes"))
    return 1 if section.is_missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
