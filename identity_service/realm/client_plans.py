"""The clients of a declaration: what differs, and what is wrong with them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from identity_service.clients.drafts import ClientDraft, Reach, faults_of
from identity_service.clients.errors import TwoSecretsValid
from identity_service.clients.models import ApplicationType, Client, hash_secret
from identity_service.clients.secrets import generate_secret, with_another_secret
from identity_service.clients.values import ClientReplacements
from identity_service.realm.places import FileFault
from identity_service.realm.plans import PlannedClient
from identity_service.realm.schemas import Declaration, DeclaredClient
from identity_service.realm.state import State
from watchword.errors import Fault

SecretOf: TypeAlias = Callable[[str], str]
"""The secret in the variable with this name. Raises ValueError, which says what is wrong with it."""


def plan_clients(
    declaration: Declaration, state: State, secret_of: SecretOf, faults: list[FileFault]
) -> Mapping[str, PlannedClient]:
    """Every client that the declaration names, by its id; what stands against planning one is added to the faults."""
    planned = {}
    for client_id, declared in declaration.clients.items():
        present = state.clients.get(client_id)
        mine = _Judged(client_id, declared, faults)
        planned[client_id] = mine.new(secret_of) if present is None else mine.changed(present, secret_of)
    return planned


def faults_of_clients(planned: Mapping[str, PlannedClient], before: Reach, after: Reach) -> Iterator[FileFault]:
    """What is wrong with these clients, beside what was wrong already. `before` and `after` are what services offer."""
    for client_id, client in planned.items():
        accepted = faults_of(client.before, before) if client.before is not None else ()
        for fault in faults_of(client.after, after):
            if fault not in accepted:
                yield _placed(fault, client_id)


class _Judged:
    """One client of the declaration."""

    def __init__(self, client_id: str, declared: DeclaredClient, faults: list[FileFault]) -> None:
        self._id = client_id
        self._declared = declared
        self._faults = faults

    def new(self, secret_of: SecretOf) -> PlannedClient:
        declared = self._declared
        named = self._secret(secret_of, is_public=bool(declared.public))
        secret = None if declared.public else named or generate_secret()
        draft = ClientDraft(
            self._id,
            declared.name or "",
            secret,
            declared.grants or (),
            declared.scopes or (),
            declared.audiences or (),
            declared.default_audience,
            is_first_party=bool(declared.first_party),
            application_type=declared.application_type or ApplicationType.WEB,
            redirect_uris=declared.redirect_uris or (),
            post_logout_redirect_uris=declared.post_logout_redirect_uris or (),
            backchannel_logout_uri=declared.backchannel_logout_uri,
        )
        return PlannedClient(None, draft.as_client(), None if named else secret)

    def changed(self, present: Client, secret_of: SecretOf) -> PlannedClient:
        declared = self._declared
        unchangeable = (
            ("public", declared.public, present.is_public),
            ("application_type", declared.application_type, present.application_type),
        )
        for member, wanted, current in unchangeable:
            if wanted not in (None, current):
                self._add(member, f"it is {str(current).lower()}, and never changes: make another client")
        replacements = ClientReplacements(
            name=declared.name,
            is_first_party=declared.first_party,
            grants=_list(declared.grants, present.grants),
            scopes=_list(declared.scopes, present.scopes),
            audiences=_list(declared.audiences, present.audiences),
            default_audience=declared.default_audience,
            redirect_uris=_list(declared.redirect_uris, present.redirect_uris),
            post_logout_redirect_uris=_list(declared.post_logout_redirect_uris, present.post_logout_redirect_uris),
            backchannel_logout_uri=declared.backchannel_logout_uri,
            changes_logout_uri="backchannel_logout_uri" in declared.model_fields_set,
        )
        secret = self._secret(secret_of, is_public=present.is_public)
        return PlannedClient(present, self._with_secret(replacements.applied_to(present), secret))

    def _secret(self, secret_of: SecretOf, *, is_public: bool) -> str | None:
        """The secret that the file names, if it names one that can be used."""
        variable = self._declared.secret_variable
        if variable is None:
            return None
        if is_public:
            self._add("secret_variable", "a public client has no secret")
            return None
        try:
            return secret_of(variable)
        except ValueError as error:
            self._add("secret_variable", f"{variable}: {error}")
            return None

    def _with_secret(self, client: Client, secret: str | None) -> Client:
        """The client with this secret beside its latest one, unless it is valid already."""
        if secret is None or client.is_authenticated_by(secret):
            return client
        try:
            return with_another_secret(client, hash_secret(secret), replaces_latest=False)
        except TwoSecretsValid:
            detail = "two other secrets of the client are valid: end the former one first, once nothing uses it"
            self._add("secret_variable", detail)
            return client

    def _add(self, member: str, detail: str) -> None:
        self._faults.append(FileFault(("clients", self._id, member), detail))


def without_new_secret(client: PlannedClient) -> Client:
    """The client as it is to be, with the secrets that it has now."""
    if client.before is None:
        return client.after
    secrets = client.before.secret_hash, client.before.former_secret_hash
    return replace(client.after, secret_hash=secrets[0], former_secret_hash=secrets[1])


def _list(declared: Sequence[str] | None, present: Sequence[str]) -> Sequence[str] | None:
    """What replaces a list. Its order means nothing, so that another one is no difference."""
    return None if declared is None or set(declared) == set(present) else declared


def _placed(fault: Fault, client_id: str) -> FileFault:
    member = fault.pointer.removeprefix("/body/")
    return FileFault(("clients", client_id) if member == "id" else ("clients", client_id, member), fault.detail)
