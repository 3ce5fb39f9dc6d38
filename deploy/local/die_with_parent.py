"""Run a command that gets a signal from the kernel when its parent process dies, even by kill -9 (Linux).

python die_with_parent.py SIGNAL_NUMBER PARENT_PID COMMAND [ARGUMENT ...]
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def main(signal_number: str, parent: str, *command: str) -> None:
    """Ask the kernel for the signal, then replace this process by the command."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal_number))
    # A parent that died before that call causes no signal.
    if os.getppid() != int(parent):
        raise SystemExit(f"{command[0]}: not started, its parent process has died")
    os.execv(command[0], command)  # noqa: S606 - no shell on purpose


if __name__ == "__main__":
    main(*sys.argv[1:])
