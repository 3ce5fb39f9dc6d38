"""One worker process, as the service sees it."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import posts_service
from posts_service.rendering.frames import HEADER, frame

# A machine that starts many processes at once may need seconds for one.
START_SECONDS: Final = 30.0
# By the clock on the wall, for what CPU time does not bound: a worker that is stopped, or whose machine is swapping.
ANSWER_SECONDS: Final = 20.0
WORKER: Final = "posts_service.rendering.worker"
# A worker needs no secret of the service, and gets none.
_VARIABLES: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")


class WorkerDied(Exception):
    """The worker has ended, or was ended since it did not answer, before it has answered."""

    def __init__(self, return_code: int | None, *, is_silent: bool = False) -> None:
        super().__init__("no answer" if is_silent else f"return code {return_code}")
        self.is_out_of_time = return_code == -signal.SIGPROF
        self.is_silent = is_silent


class WorkerProcess:
    """A worker that is ready. It answers one text after the other; after WorkerDied it is of no use."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._input = cast(asyncio.StreamWriter, process.stdin)
        self._output = cast(asyncio.StreamReader, process.stdout)

    @classmethod
    async def start(cls, cpu_seconds: float) -> "WorkerProcess":
        """Start a worker that may use so much CPU time for each text. Raises OSError or WorkerDied."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            WORKER,
            str(cpu_seconds),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(posts_service.__file__).parents[1],
            env={name: os.environ[name] for name in _VARIABLES if name in os.environ},
            # Ctrl-C in a terminal is for the service, which then ends its workers.
            start_new_session=True,
        )
        worker = cls(process)
        await worker._answer_within(START_SECONDS)
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, text: bytes) -> bytes:
        """The answer to this text. Raises WorkerDied. If it is cancelled, the worker must be ended."""
        with suppress(ConnectionError):
            self._input.write(frame(text))
        return await self._answer_within(ANSWER_SECONDS)

    async def end(self) -> None:
        """End the process, which keeps nothing, and wait until it has gone."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._input.close()
        await self._output.read()
        await self._process.wait()

    async def _answer_within(self, seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                (length,) = HEADER.unpack(await self._output.readexactly(HEADER.size))
                return await self._output.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as error:
            await self.end()
            raise WorkerDied(self._process.returncode, is_silent=isinstance(error, TimeoutError)) from None
        except BaseException:
            await asyncio.shield(self.end())
            raise
