"""`python -m tests.bench [name …]`: run the named measurements, or all, and print their tables. It ends with
1 if one of them misses a budget."""

import argparse
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from tests.bench import machine, stored
from tests.bench.effort import FULL, TRIAL, Effort
from tests.bench.measurements import MEASUREMENTS


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    if shutil.which("wrk") is None:
        print("wrk is needed; on Debian: apt install wrk")
        return 1
    effort = TRIAL if options.trial else FULL
    return max([_run(name, effort, options.write) for name in options.names or MEASUREMENTS])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(MEASUREMENTS), type=_name)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--write", action="store_true", help="store the tables, and make docs/performance.md from them")
    group.add_argument("--trial", action="store_true", help="one short round of each variant: the figures mean nothing")
    return parser


def _name(text: str) -> str:
    if text not in MEASUREMENTS:
        raise argparse.ArgumentTypeError(f"there is no measurement {text}; there are {', '.join(MEASUREMENTS)}")
    return text


def _run(name: str, effort: Effort, write: bool) -> int:
    """0, or 1 if the measurement misses a budget or fails; the next one runs all the same."""
    print(f"\n## {name}\n", flush=True)
    with tempfile.TemporaryDirectory() as home:
        try:
            section = MEASUREMENTS[name](Path(home), effort)
        except Exception:
            print(f"{name} has failed:\n{traceback.format_exc()}", flush=True)
            return 1
    print(section.markdown, flush=True)
    if write:
        stored.store(name, section, machine.description(machine.extent_of(effort)))
    return 1 if section.is_missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
