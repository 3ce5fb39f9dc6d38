"""A transmitter as its receiver sees it: found by its discovery document, asked with a token of the receiver's own."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from watchword.errors import Unavailable
from watchword.events.types import SUPPORTED

POLL: Final = "urn:ietf:rfc:8936"
SCOPES: Final = "ssf.read ssf.manage"
TIMEOUT_SECONDS: Final = 5.0
LONG_POLL_SECONDS: Final = 90.0


class TransmitterUnavailable(Unavailable):
    code = "transmitter_unavailable"


class StreamGone(TransmitterUnavailable):
    """The transmitter knows no such stream: another is made."""


class TransmitterClient:
    """Any SSF 1.0 transmitter with RFC 6749 authorization. Every method raises TransmitterUnavailable."""

    def __init__(
        self, http: httpx.AsyncClient, issuer: str, client_id: str, client_secret: str, audience: str | None = None
    ) -> None:
        self.issuer = issuer
        self._http = http
        self._credentials = (client_id, client_secret)
        self._audience = audience
        self._configuration: Mapping[str, Any] = {}
        self._token_endpoint = ""
        self._token = ""
        self._token_until = 0.0

    async def discover(self) -> str:
        """Read the discovery documents (SSF 1.0 section 7, RFC 8414); where the keys of its events are."""
        self._configuration = await self._document("ssf-configuration")
        self._token_endpoint = str((await self._document("oauth-authorization-server"))["token_endpoint"])
        return str(self._configuration["jwks_uri"])

    async def stream(self) -> tuple[str, str]:
        """This receiver's stream, made where there is none: where to poll, and the audience of its events."""
        endpoint = str(self._configuration["configuration_endpoint"])
        listed = await self._call("GET", endpoint)
        found = listed if isinstance(listed, list) else [listed]
        polled = [one for one in found if one.get("delivery", {}).get("method") == POLL]
        wanted = {"delivery": {"method": POLL}, "events_requested": list(SUPPORTED)}
        stream = polled[0] if polled else await self._call("POST", endpoint, wanted)
        audience = stream["aud"]
        return str(stream["delivery"]["endpoint_url"]), str(audience[0] if isinstance(audience, list) else audience)

    async def poll(
        self, url: str, ack: Sequence[str], errors: Mapping[str, Any], at_most: int, wait: bool
    ) -> tuple[dict[str, Any], bool]:
        """Acknowledge, and get what is next (RFC 8936 section 2): tokens by their ids, and whether more wait. With
        `wait` the transmitter answers when there is something."""
        asked = {"maxEvents": at_most, "returnImmediately": not wait, "ack": list(ack), "setErrs": dict(errors)}
        answer = await self._call("POST", url, asked, timeout=LONG_POLL_SECONDS)
        return dict(answer["sets"]), bool(answer.get("moreAvailable", False))

    async def _document(self, name: str) -> Mapping[str, Any]:
        parts = urlsplit(self.issuer)
        # Well-known paths go between the host and the path of an issuer.
        found = await self._send("GET", f"{parts.scheme}://{parts.netloc}/.well-known/{name}{parts.path}")
        document: Mapping[str, Any] = _json(found)
        if document.get("issuer") != self.issuer:
            raise TransmitterUnavailable(f"{name} is another issuer's")
        return document

    async def _call(self, method: str, url: str, body: Any = None, timeout: float = TIMEOUT_SECONDS) -> Any:
        headers = {"Authorization": f"Bearer {await self._access_token()}"}
        answer = await self._send(method, url, headers=headers, json=body, timeout=timeout)
        return _json(answer)

    async def _access_token(self) -> str:
        if time.monotonic() >= self._token_until:
            form = {"grant_type": "client_credentials", "scope": SCOPES}
            if self._audience is not None:
                form["resource"] = self._audience
            answer = await self._send("POST", self._token_endpoint, data=form, auth=self._credentials)
            token = _json(answer)
            self._token = str(token["access_token"])
            self._token_until = time.monotonic() + float(token.get("expires_in", 60)) * 0.8
        return self._token

    async def _send(self, method: str, url: str, **how: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, url, **how)
        except httpx.HTTPError as error:
            raise TransmitterUnavailable(repr(error)) from error
        if answer.status_code in (401, 403):
            self._token_until = 0.0
        if answer.status_code == 404:
            raise StreamGone(f"{method} {url} answered 404")
        if not answer.is_success:
            raise TransmitterUnavailable(f"{method} {url} answered {answer.status_code}: {answer.text[:200]}")
        return answer


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise TransmitterUnavailable(f"{answer.url} answered no JSON") from None
