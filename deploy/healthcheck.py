"""Exit with status 0 if the service in this container is ready.

It runs every few seconds and outside of the virtual environment, so it needs nothing but the standard library.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

DEFAULT_PORTS = {"IDENTITY_PORT": 8001, "POSTS_PORT": 8002}


def port_in(variable: str) -> int:
    """The port in this variable of the environment, or the default if there is no number: Docker and Kubernetes put
    `tcp://…` there for a container of the name `identity` or `posts`."""
    text = os.environ.get(variable, "").strip()
    return int(text) if text.isdecimal() else DEFAULT_PORTS[variable]


def is_ready(port: int) -> bool:
    """Return whether a service on this port of 127.0.0.1 answers that it can do its work."""
    connection = HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not any(is_ready(port_in(variable)) for variable in DEFAULT_PORTS))
