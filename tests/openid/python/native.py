"""A native application as RFC 8252 describes it, with the standard library alone: no secret, a browser of the system,
and a port of its own at which it waits for the answer."""

import base64
import hashlib
import json
import secrets
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

from browser import report, visit

issuer, client_id = sys.argv[1:]
answers: list[str] = []


class Callback(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You may close this window.")

    def log_message(self, *_: object) -> None:
        """Log nothing: the request line has the code."""


def read(url: str, form: dict[str, str] | None = None, token: str | None = None) -> dict[str, object]:
    """The JSON of an answer, which may be a refusal."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = urlencode(form).encode() if form else None
    try:
        with urlopen(Request(url, body, headers)) as answer:
            members: dict[str, object] = json.load(answer)
    except HTTPError as refusal:
        members = json.load(refusal)
    return members


metadata = read(f"{issuer}/.well-known/openid-configuration")
verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
digest = hashlib.sha256(verifier.encode()).digest()

with HTTPServer(("127.0.0.1", 0), Callback) as listener:
    redirect_uri = f"http://127.0.0.1:{listener.server_port}/callback"
    thread = Thread(target=listener.handle_request, daemon=True)
    thread.start()
    request = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": "openid offline_access",
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    visit(f"{metadata['authorization_endpoint']}?{urlencode(request)}")
    thread.join(60)

answer = {name: values[0] for name, values in parse_qs(urlsplit(answers[0]).query).items()}
assert (answer["state"], answer["iss"]) == (state, issuer)
exchange = {
    "grant_type": "authorization_code",
    "client_id": client_id,
    "code": answer["code"],
    "redirect_uri": redirect_uri,
    "code_verifier": verifier,
}
token_endpoint = str(metadata["token_endpoint"])
wrong_verifier = read(token_endpoint, {**exchange, "code_verifier": secrets.token_urlsafe(32)})
tokens = read(token_endpoint, exchange)
userinfo = read(str(metadata["userinfo_endpoint"]), token=str(tokens["access_token"]))
refresh = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": str(tokens["refresh_token"])}
refreshed = read(token_endpoint, refresh)
replay = read(token_endpoint, exchange)
after_replay = read(token_endpoint, {**refresh, "refresh_token": str(refreshed["refresh_token"])})
report(
    members=sorted(tokens),
    userinfo=userinfo,
    refreshed=sorted(refreshed),
    refusals=[refusal["error"] for refusal in (wrong_verifier, replay, after_replay)],
)
