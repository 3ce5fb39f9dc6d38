"""python3 -m deploy.compose: up, down, roll."""

import argparse
import sys
from collections.abc import Sequence

from deploy.compose.roll import roll
from deploy.compose.up import down, up
from deploy.local.processes import exit_status


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it went well, 1 with one clear message when it did not."""
    options = _parser().parse_args(arguments)

    def act() -> None:
        if options.command == "up":
            up(options.identity, options.posts)
        elif options.command == "down":
            down(volumes=options.volumes)
        else:
            roll(options.service)

    return exit_status(options.command, act)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.compose", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="bring everything up, with the secrets it needs")
    for service in ("identity", "posts"):
        starting.add_argument(f"--{service}", type=int, default=1, metavar="REPLICAS")
    ending = commands.add_parser("down", help="end everything")
    ending.add_argument("--volumes", action="store_true", help="the data, the image and the secrets too")
    rolling = commands.add_parser("roll", help="replace the replicas of services one by one")
    rolling.add_argument("service", nargs="+", choices=("identity", "posts"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
