"""Virtual authenticators of Chromium (WebAuthn Level 3 section 11), which hold passkeys."""

from typing import Any, Final

from playwright.async_api import CDPSession, Page

PLATFORM: Final = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class VirtualAuthenticator:
    """An authenticator in the browser of one page."""

    def __init__(self, session: CDPSession, authenticator_id: str) -> None:
        self._session = session
        self._id = authenticator_id

    async def credentials(self) -> list[dict[str, Any]]:
        answer = await self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        return list(answer["credentials"])

    async def verifies_nobody(self) -> None:
        """From now on, the person shows a wrong finger."""
        await self._session.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": False})

    async def verifies_the_person(self) -> None:
        await self._session.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": True})

    async def remove(self) -> None:
        await self._session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self._id})


async def authenticator(page: Page, **options: Any) -> VirtualAuthenticator:
    """An authenticator in the browser of this page."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    answer = await session.send("WebAuthn.addVirtualAuthenticator", {"options": {**PLATFORM, **options}})
    return VirtualAuthenticator(session, str(answer["authenticatorId"]))
