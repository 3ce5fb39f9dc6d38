"""Who Schemathesis is: it loads this file, in an environment of its own, so nothing of ours can be imported here.

The environment says where identity is, and whose tokens are sent: `CALLER` is somebody's username. An operation that
ends what the token stands for is called by another person each time.
"""

import os
from itertools import count
from typing import Any

import requests
import schemathesis

IDENTITY = os.environ["IDENTITY"]
AUDIENCE = os.environ["AUDIENCE"]
CALLER = os.environ["CALLER"]
CLIENT = os.environ["CLIENT"], os.environ["CLIENT_SECRET"]
PASSWORD = os.environ["PASSWORD"]
FATAL = {"sessions_end_others", "sessions_sign_out", "users_change_password", "users_delete_me"}

numbers = count(1)


def token(form: dict[str, str], client: tuple[str, str] | None = None) -> str:
    answer = requests.post(f"{IDENTITY}/oauth/token", data={**form, "resource": AUDIENCE}, auth=client, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def address_of(username: str) -> str:
    """What somebody signs in with: their e-mail address, because requests of the tests change their username."""
    return f"{username}@example.com"


def token_of(username: str) -> str:
    return token({"grant_type": "password", "username": address_of(username), "password": PASSWORD})


def new_person() -> str:
    """The username of somebody who has just registered."""
    username = f"{CALLER}-{next(numbers)}"
    account = {"username": username, "email": address_of(username), "password": PASSWORD}
    requests.post(f"{IDENTITY}/users", json=account, timeout=30).raise_for_status()
    return username


CALLERS_TOKEN = token_of(CALLER)
CLIENTS_TOKEN = token({"grant_type": "client_credentials"}, CLIENT) if AUDIENCE == IDENTITY else ""


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """What each operation asks for: a person's token or a service's, or a client's secret."""

    def get(self, case: Any, context: Any) -> dict[str, Any]:
        name = case.operation.definition.raw["operationId"]
        if name.startswith("oauth_"):
            return {"headers": {"Authorization": requests.auth._basic_auth_str(*CLIENT)}}
        bearer = CLIENTS_TOKEN if name.startswith("streams_") else CALLERS_TOKEN
        if name in FATAL:
            bearer = token_of(new_person())
        return {"headers": {"Authorization": f"Bearer {bearer}"}}

    def set(self, case: Any, data: dict[str, Any], context: Any) -> None:
        case.headers.update(data.get("headers", {}))
