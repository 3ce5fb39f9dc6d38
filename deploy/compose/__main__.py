"""python3 -m deploy.compose: up, down, roll."""

import argparse
import sys
from collections.abc import Sequence

from deploy.common import SERVICES, exit_status
from deploy.compose.roll import roll
from deploy.compose.up import down, up

_MAX_REPLICAS = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 with one clear message."""
    options = _parser().parse_args(arguments)

    def run() -> None:
        if options.command == "up":
            up(options.identity, options.posts, mail=options.mail, admin=options.admin, email=options.admin_email)
        elif options.command == "down":
            down(volumes=options.volumes)
        else:
            roll(options.service)

    return exit_status(options.command, run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.compose", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up_command = commands.add_parser("up", help="start everything, with the secrets it needs")
    for service in SERVICES:
        up_command.add_argument(f"--{service}", type=_replicas, default=1, metavar="REPLICAS")
    up_command.add_argument(
        "--mail", action="store_true", help="a mailbox too, which shows the letters, for development"
    )
    up_command.add_argument("--admin", metavar="USERNAME", help="the first administrator; default: your name here")
    up_command.add_argument("--admin-email", metavar="ADDRESS", help="the address of the first administrator")
    down_command = commands.add_parser("down", help="stop everything")
    down_command.add_argument("--volumes", action="store_true", help="delete the data, the image and the secrets too")
    roll_command = commands.add_parser("roll", help="replace the replicas of services one by one")
    roll_command.add_argument("service", nargs="+", choices=SERVICES)
    return parser


def _replicas(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_REPLICAS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of replicas: write 1 to {_MAX_REPLICAS}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
