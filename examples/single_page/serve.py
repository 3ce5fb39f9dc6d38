"""Serve this folder at http://localhost:8008, or at the port that is given."""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: a request line has the code."""


port = int(sys.argv[1]) if len(sys.argv) > 1 else 8008
handler = partial(Files, directory=str(Path(__file__).parent))
ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever()
