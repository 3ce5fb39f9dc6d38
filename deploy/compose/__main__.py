"""python3 -m deploy.compose: secrets, roll."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.compose.roll import roll
from deploy.compose.secret_files import ensure_secrets
from deploy.local.processes import LocalFailure


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it went well, 1 with one clear message when it did not."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.compose", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("secrets", help="make the secrets of a stack, where there are none")
    rolling = commands.add_parser("roll", help="replace the replicas of services one by one")
    rolling.add_argument("service", nargs="+", choices=("identity", "posts"))
    options = parser.parse_args(arguments)
    try:
        if options.command == "secrets":
            folder = Path(os.environ.get("SECRETS_FOLDER") or ".secrets")
            if ensure_secrets(folder):
                print(f"made the secrets of this stack in {folder}")
        else:
            for service in options.service:
                roll(service)
    except (LocalFailure, OSError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
