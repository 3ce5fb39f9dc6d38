"""Talks with the program of a client: it asks for a browser by lines of JSON, and at the end says what it has seen."""

import json
import os
import subprocess
from collections.abc import Sequence
from threading import Timer
from typing import Any

from tests.openid.plain_browser import PlainBrowser
from tests.support.waiting import PATIENCE_SECONDS


def converse(command: Sequence[object], browser: PlainBrowser, **environment: str) -> dict[str, Any]:
    """What this program, with these arguments, reports. It must succeed, and say nothing else."""
    report: dict[str, Any] = {}
    with subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **environment},
    ) as program:
        end = Timer(PATIENCE_SECONDS, program.kill)
        end.start()
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        try:
            for line in program.stdout:
                message = json.loads(line)
                if "report" in message:
                    report = message["report"]
                    break
                program.stdin.write(f"{browser.visit(message['visit'], message['until'])}\n")
                program.stdin.flush()
            # What goes wrong is less than the pipe holds.
            troubles = program.stderr.read()
            program.wait()
        finally:
            end.cancel()
            program.kill()
    assert (program.returncode, troubles) == (0, ""), troubles
    return report
