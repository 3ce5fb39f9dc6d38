"""The device authorization endpoint (RFC 8628 section 3.1)."""

from typing import Any

from identity_service.clients.grant_types import GrantType
from identity_service.clients.narrowing import TokenRequest
from identity_service.clients.service import Clients
from identity_service.device_grants.models import INTERVAL_SECONDS, LIFETIME
from identity_service.device_grants.service import DeviceGrants
from identity_service.oauth.request import OAuthRequest


class DeviceAuthorization:
    """Answers devices that ask for a session. `issuer` is where people find the page that allows it."""

    def __init__(self, clients: Clients, device_grants: DeviceGrants, issuer: str) -> None:
        self._clients = clients
        self._device_grants = device_grants
        self._page = f"{issuer}/device"

    async def start(self, request: OAuthRequest) -> dict[str, Any]:
        """The codes of a device grant (section 3.2). Raises OAuthError, and errors of ours that `oauth/errors.py`
        translates."""
        client, scopes_by_audience = await self._clients.authenticate(request.credentials())
        client.ensure_may_use(GrantType.DEVICE_CODE)
        scope, resources = request.form.find("scope"), request.form.all("resource")
        token_request = TokenRequest(client, scopes_by_audience, scope, resources)
        codes = await self._device_grants.start(token_request, request.device)
        return {
            "device_code": codes.device_code,
            "user_code": codes.user_code,
            "verification_uri": self._page,
            "verification_uri_complete": f"{self._page}?user_code={codes.user_code}",
            "expires_in": int(LIFETIME.total_seconds()),
            "interval": INTERVAL_SECONDS,
        }
