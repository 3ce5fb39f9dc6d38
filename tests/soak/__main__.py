"""`python -m tests.soak [churn seconds]`: 1,000 streams, 1,000 WebSockets, 200 people, 100 sign-outs, and churn."""

import resource
import sys
import tempfile
from pathlib import Path

from tests.soak.open_connections import Size, soak

CHURN_SECONDS = 600.0
BUDGET_MILLISECONDS = 250


def main(arguments: list[str]) -> int:
    # Each connection is a file here and one in a service, which inherits the limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    size = Size(1_000, 1_000, 200, 100, float(arguments[0]) if arguments else CHURN_SECONDS)
    with tempfile.TemporaryDirectory() as home:
        findings = soak(Path(home), size)
    print(findings)
    is_exact = not (findings.not_ended or findings.ended_wrongly or findings.not_told or findings.left)
    return 0 if is_exact and findings.p99 < BUDGET_MILLISECONDS else 1


sys.exit(main(sys.argv[1:]))
