"""requests-oauthlib: a confidential client that gets tokens for an API, and no ID token."""

import sys

from browser import report, visit
from oauthlib.oauth2 import InvalidGrantError, MismatchingStateError
from requests_oauthlib import OAuth2Session

issuer, client_id, secret, home = sys.argv[1:]
token_url = f"{issuer}/oauth/token"
redirect_uri = f"{home}/callback"

session = OAuth2Session(client_id, redirect_uri=redirect_uri, scope=["posts:write"], pkce="S256")
url, state = session.authorization_url(f"{issuer}/oauth/authorize")
answer = visit(url, redirect_uri)
try:
    session.fetch_token(token_url, authorization_response=answer.replace(state, "another"), client_secret=secret)
except MismatchingStateError:
    pass
else:
    raise AssertionError("the state of another request was accepted")
tokens = session.fetch_token(token_url, authorization_response=answer, client_secret=secret)

refreshed = session.refresh_token(token_url, auth=(client_id, secret))
revoked = session.post(f"{issuer}/oauth/revoke", data={"token": refreshed["refresh_token"]}, auth=(client_id, secret))
try:
    session.refresh_token(token_url, auth=(client_id, secret))
except InvalidGrantError as refusal:
    report(first=tokens, second=refreshed, revoked=revoked.status_code, refusal=refusal.error)
