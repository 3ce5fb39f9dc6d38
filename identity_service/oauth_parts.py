"""The long-lived objects of the flows that ask a person at identity."""

from functools import partial

from identity_service.authentication.device_sign_in import DeviceSignIn
from identity_service.authorization_codes.service import AuthorizationCodes
from identity_service.clients.service import Clients
from identity_service.consents.service import Consents
from identity_service.device_grants.service import DeviceGrants
from identity_service.ground_parts import Ground
from identity_service.oauth.authorization.answers import Answers
from identity_service.oauth.authorization.decision import Authorization
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.oauth.device_authorization import DeviceAuthorization
from identity_service.services.service import Services
from identity_service.sessions.continuation import SessionContinuation
from identity_service.sessions.start import SessionStart


class CodeFlow:
    """Authorization requests, what is decided about them, and the codes that answer them."""

    def __init__(self, ground: Ground, clients: Clients, consents: Consents, start: SessionStart) -> None:
        clock, limits = ground.clock, ground.limits
        continuation = SessionContinuation(ground.lifetimes, clock, ground.tokens.ensure_mintable)
        self.requests = AuthorizationRequests(clients, ground.token_reader, clock)
        self.answers = answers = Answers(ground.settings.issuer)
        self.codes = AuthorizationCodes(ground.database, start, continuation, ground.recorder, clock)
        self.authorization = Authorization(self.requests, consents, self.codes, limits, answers=answers, clock=clock)


class DeviceFlow:
    """Devices that ask for a session, what people decide about them, and the session that a device then gets."""

    def __init__(self, ground: Ground, clients: Clients, services: Services, start: SessionStart) -> None:
        database, recorder, clock = ground.database, ground.recorder, ground.clock
        digest = partial(ground.digests.of, "user codes")
        self.grants = DeviceGrants(database, services, recorder, ground.limits, clock, digest=digest)
        self.authorization = DeviceAuthorization(clients, self.grants, ground.settings.issuer)
        self.sign_in = DeviceSignIn(database, start, recorder, ground.new_device_letters, clock)
