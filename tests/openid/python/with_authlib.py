"""Authlib in a Flask application that signs people in, and is no application of the installation's own."""

import logging
import sys
from threading import Thread
from urllib.parse import urlsplit

from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from browser import report, visit
from flask import Flask, redirect, session
from werkzeug import Response
from werkzeug.serving import make_server

issuer, client_id, secret, home = sys.argv[1:]

app = Flask(__name__)
app.secret_key = "only for this run"
oauth = OAuth(app)
provider = oauth.register(
    "watchword",
    client_id=client_id,
    client_secret=secret,
    server_metadata_url=f"{issuer}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email offline_access", "code_challenge_method": "S256"},
)
facts: dict[str, object] = {}


def sign_in() -> Response:
    response: Response = provider.authorize_redirect(f"{home}/callback")
    return response


def callback() -> Response:
    token = provider.authorize_access_token()
    facts["claims"] = dict(token["userinfo"])
    facts["userinfo"] = dict(provider.userinfo(token=token))
    metadata = provider.load_server_metadata()
    with OAuth2Session(client_id, secret, token_endpoint=metadata["token_endpoint"]) as requests:
        facts["refreshed"] = sorted(requests.refresh_token(refresh_token=token["refresh_token"]))
    session["id_token"] = token["id_token"]
    return redirect(f"{home}/")


def sign_out() -> Response:
    response: Response = provider.logout_redirect(f"{home}/goodbye", id_token_hint=session.pop("id_token"))
    return response


def goodbye() -> str:
    facts["goodbye"] = provider.validate_logout_response()
    return "Goodbye."


for path, view in {"/sign-in": sign_in, "/callback": callback, "/sign-out": sign_out, "/goodbye": goodbye}.items():
    app.add_url_rule(path, view_func=view)
app.add_url_rule("/", endpoint="home", view_func=lambda: "You are signed in.")

# The lines of its log have the code.
logging.getLogger("werkzeug").setLevel(logging.ERROR)
address = urlsplit(home)
server = make_server(address.hostname or "", address.port or 0, app, threaded=True)
thread = Thread(target=server.serve_forever, daemon=True)
thread.start()
try:
    arrivals = [visit(f"{home}/sign-in"), visit(f"{home}/sign-out")]
    report(arrivals=arrivals, **facts)
finally:
    server.shutdown()
    thread.join()
