"""The process that renders for a renderer: `python -m posts_service.rendering.worker <seconds of CPU time for a text>`.

It reads frames from its standard input, answers on its standard output one after the other, and ends with its input, so
that it never outlives the service. It is a process of its own because a text may keep the parser busy for seconds or
make it use much memory: then the system ends this process, and not the service.
"""

import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from posts_service.rendering.frames import DONE, FAILED, HEADER, frame
from posts_service.rendering.markdown import render

# Requests that need no rendering come first.
NICENESS: Final = 5
# An ordinary text needs 30 MB, the worst of 64 kB 125 MB.
MAX_ADDRESS_SPACE: Final = 192 * 1024 * 1024


def main(cpu_seconds: float) -> None:
    _restrict()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    _write(target, b"")
    while (text := _read(source)) is not None:
        # The default action of the signal ends the process.
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer = _answer(text)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(target, answer)


def _restrict() -> None:
    """Let a process that reads texts of strangers use little memory, write no file, and dump no core."""
    os.nice(NICENESS)
    with suppress(OSError):
        # If the memory of a container is used up, this process is ended before the service.
        Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # If the service has gone, there is nobody to tell.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def _read(source: BinaryIO) -> bytes | None:
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    text = source.read(length)
    return text if len(text) == length else None


def _answer(text: bytes) -> bytes:
    try:
        return DONE + render(text.decode("utf-8", "surrogatepass")).encode()
    except Exception as error:
        # Its message may contain the text, which goes into no log.
        return FAILED + type(error).__name__.encode()


def _write(target: BinaryIO, payload: bytes) -> None:
    target.write(frame(payload))
    target.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]))
