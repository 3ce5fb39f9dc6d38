"""The commands `run`, `dev`, `demo` and `service`: `python -m deploy.local --help`."""

import argparse
import os
import sys
from pathlib import Path

from deploy.common import SERVICES, exit_status

_MOST_POSTS = 10_000_000


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 if it succeeded or was stopped by a signal, 1 if it failed."""
    options = _parser().parse_args(arguments)
    return exit_status(options.command, lambda: _execute(options))


def _execute(options: argparse.Namespace) -> int:
    # The imports are here because each command needs only its own: `service` must start quickly.
    if options.command in ("run", "dev"):
        from deploy.local.run import run

        reload = options.command == "dev"
        run(options.home, options.identity_port, options.posts_port, administrator=options.admin, reload=reload)
    elif options.command == "demo":
        from deploy.local.demo import demo

        demo(options.home, options.posts)
    else:
        from deploy.local.command import run_command

        return run_command(options.home, options.service, options.arguments)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="PostgreSQL and both services, until Ctrl-C")
    dev = commands.add_parser("dev", help="PostgreSQL and both services, which reload when their code changes")
    demo = commands.add_parser("demo", help="demo accounts and posts for what `run` runs")
    service = commands.add_parser("service", help="a command of a service, on what `run` runs")
    service.add_argument("service", choices=SERVICES)
    service.add_argument("arguments", nargs=argparse.REMAINDER)
    for command in (run, dev, demo, service):
        command.add_argument("--home", type=Path, default=Path(".local"), help="data, logs and secrets")
    demo.add_argument("--posts", metavar="NUMBER", type=_count, default=0, help="add so many more posts, with likes")
    for command in (run, dev):
        command.add_argument("--admin", metavar="USERNAME", help="the first administrator; default: your name here")
        # argparse converts a default that is text as well, so a bad variable is refused like a bad option.
        command.add_argument("--identity-port", type=_port, default=os.environ.get("IDENTITY_PORT") or "8001")
        command.add_argument("--posts-port", type=_port, default=os.environ.get("POSTS_PORT") or "8002")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST_POSTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of posts up to {_MOST_POSTS:,}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
