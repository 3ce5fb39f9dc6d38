"""The proxy of the tests that can stop forwarding."""

import gc
import socket

from tests.support.cuts import proxy_to


def test_proxy_that_stops_closes_what_it_has_just_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as target:
        for number in range(50):
            with proxy_to(target.getsockname()[1]) as proxy:
                clients = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(number % 8 + 1)]
            for client in clients:
                client.close()
    # A socket that was left open would be a ResourceWarning, which is an error.
    gc.collect()
