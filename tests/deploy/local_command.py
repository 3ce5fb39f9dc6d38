"""`make run` or `make dev` as a process of its own, with its own folder and ports."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.local.processes import is_port_free
from tests.support.ports import held_port

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 90


class LocalCommand:
    """One command that runs, on the code in `code` and with its data in `home`, by the interpreter `python`."""

    def __init__(
        self, name: str, home: Path, ports: dict[str, int], code: Path = ROOT, python: str = sys.executable
    ) -> None:
        self.home = home
        self.code = code
        self.ports = ports
        options = [f"--home={home}", *(f"--{service}-port={port}" for service, port in ports.items())]
        self.process = subprocess.Popen(
            [python, "-m", "deploy.local", name, *options],
            cwd=code,
            env={**os.environ, "PYTHONPATH": str(code / "shared")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def url(self, service: str) -> str:
        return f"http://localhost:{self.ports[service]}"

    def log(self, service: str) -> str:
        return (self.home / f"{service}.log").read_text()

    def await_welcome(self) -> None:
        """Return when everything is ready; fail with the output if the command ends before."""
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C ends everything"):
                return
        raise AssertionError("".join(lines))

    def interrupt(self) -> str:
        """Press Ctrl-C, check that every process ends, and return the last output."""
        processes = psutil.Process(self.process.pid).children(recursive=True)
        assert len(processes) >= 3
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=STOP_SECONDS)
        assert self.process.returncode == 0
        _, left = psutil.wait_procs(processes, timeout=STOP_SECONDS)
        assert left == []
        assert all(is_port_free(port) for port in self.ports.values())
        return output


@contextmanager
def local_command(name: str, home: Path, code: Path = ROOT, python: str = sys.executable) -> Iterator[LocalCommand]:
    """Start the command and wait until everything is ready; nothing of it runs after the block."""
    with held_port() as identity, held_port() as posts:
        command = LocalCommand(name, home, {"identity": identity, "posts": posts}, code, python)
        try:
            command.await_welcome()
            yield command
        finally:
            command.process.kill()
            command.process.communicate()
