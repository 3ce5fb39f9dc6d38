"""Ports for servers that end and start again while other tests look for free ports too."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 for a server of the block's own: nobody else is given it, whether or not the server runs.

    On Linux, where a server with SO_REUSEADDR may listen on what another socket is merely bound to; elsewhere it is a
    port that was free a moment ago.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port
