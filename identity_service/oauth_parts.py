"""The long-lived objects of the authorization endpoint."""

from identity_service.authorization_codes.service import AuthorizationCodes
from identity_service.clients.service import Clients
from identity_service.consents.service import Consents
from identity_service.limits import Limits
from identity_service.oauth.authorization.answers import Answers
from identity_service.oauth.authorization.decision import Authorization
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.tokens.reading import TokenReader
from watchword.clock import Clock


class CodeFlow:
    """Authorization requests, what is decided about them, and the codes that answer them."""

    def __init__(
        self,
        issuer: str,
        clients: Clients,
        consents: Consents,
        codes: AuthorizationCodes,
        limits: Limits,
        *,
        reader: TokenReader,
        clock: Clock,
    ) -> None:
        self.requests = AuthorizationRequests(clients, reader, clock)
        self.answers = Answers(issuer)
        self.codes = codes
        self.authorization = Authorization(self.requests, consents, codes, limits, answers=self.answers, clock=clock)
