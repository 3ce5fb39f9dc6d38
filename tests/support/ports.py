"""Ports for servers that stop and start again while other tests look for free ports."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 that the system assigns to no other process during the block, whether or not a server runs.

    This works on Linux, where a server with SO_REUSEADDR may listen on a port that another socket is only bound to.
    Elsewhere the port was free a moment ago.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port
