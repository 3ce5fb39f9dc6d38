"""`python -m tests.bench [name …]`: run the named measurements, or all, and print their tables. It ends with
1 if one of them misses what it must hold."""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench import containers, faults, many_revocations, reads, revocation, sign_in_storm, verification
from tests.bench.budget import BudgetMissed

MEASUREMENTS = {
    "verification": verification.measure,
    "reads": reads.measure,
    "sign-ins": sign_in_storm.measure,
    "revocation": revocation.measure,
    "faults": faults.measure,
    "many-revocations": many_revocations.measure,
    "containers": containers.measure,
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(MEASUREMENTS)
    if unknown or shutil.which("wrk") is None:
        print(f"there is no {', '.join(unknown)}" if unknown else "wrk is needed; on Debian: apt install wrk")
        return 1
    return max([_run(name) for name in names or MEASUREMENTS])


def _run(name: str) -> int:
    """0, or 1 if the measurement misses what it must hold."""
    with tempfile.TemporaryDirectory() as home:
        print(f"\n## {name}\n", flush=True)
        try:
            print(MEASUREMENTS[name](Path(home)), flush=True)
        except BudgetMissed as missed:
            print(missed, flush=True)
            return 1
    return 0


sys.exit(main(sys.argv[1:]))
