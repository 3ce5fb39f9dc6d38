"""The OAuth endpoints of this installation, with the grants that it offers."""

from identity_service.authentication.device_sign_in import DeviceSignIn
from identity_service.authentication.password import SignIn
from identity_service.authorization_codes.service import AuthorizationCodes
from identity_service.clients.service import Clients
from identity_service.oauth.device_authorization import DeviceAuthorization
from identity_service.oauth.grants import Grant
from identity_service.oauth.grants.authorization_code import AuthorizationCodeGrant
from identity_service.oauth.grants.client_credentials import ClientCredentialsGrant
from identity_service.oauth.grants.device_code import DeviceCodeGrant
from identity_service.oauth.grants.password import PasswordGrant
from identity_service.oauth.grants.refresh_token import RefreshTokenGrant
from identity_service.oauth.introspection import Introspection
from identity_service.oauth.revocation import Revocation
from identity_service.oauth.token_endpoint import TokenEndpoint
from identity_service.services.service import Services
from identity_service.sessions.liveness import LiveSessions
from identity_service.sessions.rotation import Rotation
from identity_service.sessions.service import Sessions
from identity_service.tokens.minting import TokenMinter
from identity_service.tokens.reading import TokenReader


class OAuthEndpoints:
    def __init__(
        self,
        clients: Clients,
        services: Services,
        sessions: Sessions,
        reader: TokenReader,
        tokens: TokenMinter,
        *,
        rotation: Rotation,
        live_sessions: LiveSessions,
        codes: AuthorizationCodes,
        sign_in: SignIn | None,
        device_authorization: DeviceAuthorization,
        device_sign_in: DeviceSignIn,
    ) -> None:
        """Without `sign_in` there is no password grant."""
        grants: list[Grant] = [
            AuthorizationCodeGrant(codes, tokens),
            RefreshTokenGrant(reader, rotation, tokens),
            ClientCredentialsGrant(tokens),
            DeviceCodeGrant(device_sign_in, tokens),
        ]
        if sign_in is not None:
            grants.insert(0, PasswordGrant(sign_in, tokens))
        self.token = TokenEndpoint(clients, grants)
        self.device_authorization = device_authorization
        self.revocation = Revocation(clients, reader, sessions)
        self.introspection = Introspection(clients, services, reader, live_sessions)
