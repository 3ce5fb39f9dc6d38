"""The secrets of a client: two may be valid at once, so that no instance of an application is refused meanwhile."""

import secrets
from dataclasses import replace

from identity_service.clients.errors import ClientPublic, FormerSecretNotFound, OneSecretValid, TwoSecretsValid
from identity_service.clients.models import Client


def generate_secret() -> str:
    """A secret that nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


def with_another_secret(client: Client, secret_hash: bytes, *, replaces_latest: bool) -> Client:
    """The client with this secret; its former one stays valid. While two secrets are valid, the latest one, which
    nobody may have seen, can be replaced. Raises ClientPublic, TwoSecretsValid, OneSecretValid."""
    if client.secret_hash is None:
        raise ClientPublic(f"the client {client.id} is public: it has no secret")
    former = client.former_secret_hash
    if former is None and replaces_latest:
        raise OneSecretValid(f"{client.id} has one valid secret")
    if former is not None and not replaces_latest:
        raise TwoSecretsValid(f"{client.id} has two valid secrets")
    return replace(client, secret_hash=secret_hash, former_secret_hash=former or client.secret_hash)


def without_former_secret(client: Client) -> Client:
    """Raises FormerSecretNotFound if only one secret is valid."""
    if client.former_secret_hash is None:
        raise FormerSecretNotFound(f"the client {client.id} has no former secret")
    return replace(client, former_secret_hash=None)


def count_secrets(client: Client) -> int:
    """How many secrets of the client are valid."""
    return sum(secret is not None for secret in (client.secret_hash, client.former_secret_hash))
