"""Serves the single-page application, whose every path is one page, on a port of this machine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from tests.support.tools import node_modules

FOLDER = Path(__file__).parent / "single_page"


@contextmanager
def single_page(port: int, issuer: str, client_id: str) -> Iterator[None]:
    library = node_modules(".openid", "javascript") / "oidc-client-ts/dist/browser/oidc-client-ts.min.js"
    files = {
        "/oidc-client-ts.min.js": ("text/javascript", library.read_bytes()),
        "/app.js": ("text/javascript", (FOLDER / "app.js").read_bytes()),
        "/settings.json": ("application/json", json.dumps({"authority": issuer, "client_id": client_id}).encode()),
    }
    page = ("text/html", (FOLDER / "index.html").read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            media_type, content = files.get(urlsplit(self.path).path, page)
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing: a request line has the code."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
