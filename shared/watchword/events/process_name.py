"""What a process is called where others see it: in a table, or in the description of its stream."""

from os import getpid
from socket import gethostname
from uuid import uuid4


class ProcessName:
    """A name that no other process has. It is made at the first use, and again in a process that was forked since: two
    processes of one name would have one lease, and who waits for both would wait for one."""

    def __init__(self) -> None:
        self._made_in = 0
        self._text = ""

    def __str__(self) -> str:
        if self._made_in != getpid():
            # Host and number are for people who read it. The number of a process is used again, the rest is not.
            self._made_in, self._text = getpid(), f"{gethostname()} {getpid()} {uuid4().hex}"
        return self._text
