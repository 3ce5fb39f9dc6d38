"""Runs a command that the kernel signals when the process that started it is gone, even by kill -9 (Linux).

python die_with_parent.py SIGNAL_NUMBER PARENT_PID COMMAND [ARGUMENT ...]
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def main(signal_number: str, parent: str, *command: str) -> None:
    """Does not return: the process becomes the command, which inherits the wish."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal_number))
    # A parent that was gone before the wish was made leaves nobody to grant it.
    if os.getppid() != int(parent):
        raise SystemExit(f"{command[0]}: not started, the process that asked for it is gone")
    os.execv(command[0], command)  # noqa: S606 - a shell is what it must not be


if __name__ == "__main__":
    main(*sys.argv[1:])
