"""`python -m tests.bench [name …]`: run the named measurements, or all, and print their tables."""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench import containers, many_revocations, reads, revocation, sign_in_storm, verification

MEASUREMENTS = {
    "verification": verification.measure,
    "reads": reads.measure,
    "sign-ins": sign_in_storm.measure,
    "revocation": revocation.measure,
    "many-revocations": many_revocations.measure,
    "containers": containers.measure,
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(MEASUREMENTS)
    if unknown or shutil.which("wrk") is None:
        print(f"there is no {', '.join(unknown)}" if unknown else "wrk is needed; on Debian: apt install wrk")
        return 1
    for name in names or MEASUREMENTS:
        with tempfile.TemporaryDirectory() as home:
            print(f"\n## {name}\n\n{MEASUREMENTS[name](Path(home))}", flush=True)
    return 0


sys.exit(main(sys.argv[1:]))
