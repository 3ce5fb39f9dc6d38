"""A program without a browser of its own, such as one in a terminal or on a television: a person signs it in by a code
that they enter in the browser of any other device (RFC 8628).

    python device_login.py http://localhost:8001 terminal

The client `terminal` needs the grant `device_code`; `README.md` in this folder says how to make it.
"""

import sys
import time
from typing import Any

import httpx

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class LoginFailed(Exception):
    """Nobody will sign this program in. The message says why."""


class DeviceLogin:
    """Signs a person in at this issuer, for a public client."""

    def __init__(self, http: httpx.Client, issuer: str, client_id: str) -> None:
        self._http = http
        self._client = {"client_id": client_id}
        # The issuer says where its endpoints are, so that no path has to be known here.
        self._metadata = http.get(f"{issuer}/.well-known/oauth-authorization-server").raise_for_status().json()

    def start(self) -> dict[str, Any]:
        """The codes, and the address where a person enters one of them."""
        answer = self._http.post(self._metadata["device_authorization_endpoint"], data=self._client)
        if answer.status_code != httpx.codes.OK:
            raise LoginFailed(f"the issuer answered {answer.status_code}: {answer.text}")
        return dict(answer.json())

    def wait(self, codes: dict[str, Any]) -> dict[str, Any]:
        """Ask for the tokens until a person has decided. Raises LoginFailed."""
        form = {**self._client, "grant_type": DEVICE_CODE, "device_code": codes["device_code"]}
        interval, until = codes.get("interval", 5), time.monotonic() + codes["expires_in"]
        while time.monotonic() < until:
            time.sleep(interval)
            try:
                answer = self._http.post(self._metadata["token_endpoint"], data=form)
                body = answer.json()
            except (httpx.TransportError, ValueError):
                interval *= 2
                continue
            match body:
                case {"access_token": str()}:
                    return dict(body)
                case {"error": "slow_down"}:
                    interval += 5
                case {"error": "authorization_pending"}:
                    pass
                case {"error": "access_denied"}:
                    raise LoginFailed("somebody has refused")
                case _ if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    raise LoginFailed(body.get("error_description") or answer.text)
        raise LoginFailed("nobody has entered the code in time")


def main(issuer: str, client_id: str) -> None:
    with httpx.Client(headers={"User-Agent": f"{client_id}/1.0"}) as http:
        login = DeviceLogin(http, issuer, client_id)
        codes = login.start()
        print(f"Open {codes['verification_uri']} in a browser and enter {codes['user_code']},", flush=True)
        print(f"or open {codes['verification_uri_complete']}", flush=True)
        tokens = login.wait(codes)
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        me = http.get(f"{issuer}/users/me", headers=headers).raise_for_status().json()
        print(f"You are signed in as {me['username']}.")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except LoginFailed as failure:
        sys.exit(f"You are not signed in: {failure}.")
