"""A native app: a person signs it in with the browser of the system, and the app waits for the answer on a free port of
this machine (RFC 8252). It has no secret; that the code is its own it proves by PKCE (RFC 7636).

    python native_app.py http://localhost:8001 desktop

`README.md` in this folder says how to make the client `desktop`.
"""

import hashlib
import secrets
import sys
import webbrowser
from base64 import urlsafe_b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

PATH = "/callback"
SCOPE = "openid profile offline_access"
WAIT_SECONDS = 300


class LoginFailed(Exception):
    """Nobody is signed in. The message says why."""


class Listener(ThreadingHTTPServer):
    """Waits on a free port for the one request that has the state of this attempt. Whatever else comes is refused."""

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), Callback)
        self.state = state
        self.answers: SimpleQueue[dict[str, str]] = SimpleQueue()
        self.redirect_uri = f"http://127.0.0.1:{self.server_port}{PATH}"

    def wait(self) -> dict[str, str]:
        try:
            return self.answers.get(timeout=WAIT_SECONDS)
        except Empty:
            raise LoginFailed("nobody has signed in in time") from None


class Callback(BaseHTTPRequestHandler):
    server: Listener
    timeout = 10

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        answer = dict(parse_qsl(url.query))
        is_ours = url.path == PATH and secrets.compare_digest(
            answer.get("state", "").encode(), self.server.state.encode()
        )
        text = b"You may close this window." if is_ours else b"Nobody waits for this."
        self.send_response(200 if is_ours else 404)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        if is_ours:
            self.server.answers.put(answer)

    def log_message(self, *_: object) -> None:
        """Log nothing: a request line has the code."""


class NativeApp:
    """Signs a person in at this issuer, for a public client."""

    def __init__(self, http: httpx.Client, issuer: str, client_id: str) -> None:
        self._http, self._issuer, self._client_id = http, issuer, client_id
        # The issuer says where its endpoints are, so that no path has to be known here.
        self._metadata = http.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()
        if self._metadata["issuer"] != issuer:
            raise LoginFailed(f"{issuer} calls itself {self._metadata['issuer']}")

    def sign_in(self, show: Callable[[str], object]) -> dict[str, Any]:
        """The tokens of the person to whom `show` shows a URL. Raises LoginFailed."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        with Listener(state) as listener:
            Thread(target=listener.serve_forever, daemon=True).start()
            try:
                show(self._authorization_url(listener.redirect_uri, state, verifier))
                code = self._code_of(listener.wait())
            finally:
                listener.shutdown()
        exchange = {"code": code, "redirect_uri": listener.redirect_uri, "code_verifier": verifier}
        return self._tokens(grant_type="authorization_code", **exchange)

    def refresh(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """The next tokens; those before are spent. Raises LoginFailed once the session has ended."""
        return self._tokens(grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    def person(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """What the issuer says about the person."""
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        return dict(self._http.get(self._metadata["userinfo_endpoint"], headers=headers).raise_for_status().json())

    def sign_out(self, tokens: dict[str, Any]) -> None:
        """End the session of this app. The person stays signed in in the browser."""
        form = {"client_id": self._client_id, "token": tokens["refresh_token"]}
        self._http.post(self._metadata["revocation_endpoint"], data=form).raise_for_status()

    def _authorization_url(self, redirect_uri: str, state: str, verifier: str) -> str:
        digest = hashlib.sha256(verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return str(httpx.URL(self._metadata["authorization_endpoint"], params=parameters))

    def _code_of(self, answer: dict[str, str]) -> str:
        # An answer of another issuer, which has lured the browser away, must not reach this one's token endpoint.
        if answer.get("iss") != self._issuer:
            raise LoginFailed("the answer is of another issuer")
        if "code" not in answer:
            raise LoginFailed(answer.get("error_description") or answer.get("error", "the answer has no code"))
        return answer["code"]

    def _tokens(self, **form: str) -> dict[str, Any]:
        answer = self._http.post(self._metadata["token_endpoint"], data={"client_id": self._client_id, **form})
        if answer.status_code != httpx.codes.OK:
            raise LoginFailed(f"the issuer answered {answer.status_code}: {answer.text}")
        return dict(answer.json())


def show(url: str) -> None:
    """Open the browser of the system. On a machine without one, a person can open the printed URL."""
    print(f"Sign in at {url}", flush=True)
    webbrowser.open(url)


def main(issuer: str, client_id: str) -> None:
    with httpx.Client(headers={"User-Agent": f"{client_id}/1.0"}) as http:
        app = NativeApp(http, issuer, client_id)
        tokens = app.sign_in(show)
        print(f"You are signed in as {app.person(tokens)['preferred_username']}.")
        # An app that goes on calls `refresh` every ten minutes, and keeps the refresh token in the system's key store.
        app.sign_out(tokens)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except LoginFailed as failure:
        sys.exit(f"You are not signed in: {failure}.")
