"""What is refused about clients."""

from watchword.errors import Conflict, NotFound


class ClientNotFound(NotFound):
    code = "client_not_found"
    detail = "There is no such client."


class ClientExists(Conflict):
    code = "client_exists"
    detail = "There is a client with this id already."


class ClientNeeded(Conflict):
    """Every installation has it, and the set-up would make it again."""

    code = "client_needed"
    detail = "Every installation has this client: it cannot be deleted."


class ClientPublic(Conflict):
    code = "client_public"
    detail = "This client is public: it has no secret."


class TwoSecretsValid(Conflict):
    code = "two_secrets_valid"
    detail = "Two secrets of this client are valid. End the former one, or replace the latest one if it was lost."


class OneSecretValid(Conflict):
    code = "one_secret_valid"
    detail = "This client has only one valid secret, which cannot be replaced. Add a second one instead."


class FormerSecretNotFound(NotFound):
    code = "former_secret_not_found"
    detail = "This client has no former secret."
