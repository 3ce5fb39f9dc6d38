"""Exit status 0 when the service in this container is ready. Needs nothing but the standard library: it runs often."""

import os
import sys
from http.client import HTTPConnection, HTTPException

PORTS = (os.environ.get("IDENTITY_PORT", "8001"), os.environ.get("POSTS_PORT", "8002"))


def is_ready(port: str) -> bool:
    """Whether something listens there and says that it can do its work."""
    connection = HTTPConnection("127.0.0.1", int(port), timeout=3)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not any(is_ready(port) for port in PORTS))
