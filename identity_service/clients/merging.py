"""Merging a client of the installation, as a release has it, with the same client as an operator has changed it."""

from collections.abc import Sequence
from dataclasses import replace

from identity_service.clients.models import Client


def merge(present: Client, installed: Client) -> Client:
    """The present client with what it lacks of the installed one, and with the secret of the installed one."""
    return replace(
        _with_secret(present, installed.secret_hash),
        grants=_union(present.grants, installed.grants),
        scopes=_union(present.scopes, installed.scopes),
        audiences=_union(present.audiences, installed.audiences),
        default_audience=present.default_audience or installed.default_audience,
        is_first_party=present.is_first_party or installed.is_first_party,
        redirect_uris=_union(present.redirect_uris, installed.redirect_uris),
        post_logout_redirect_uris=_union(present.post_logout_redirect_uris, installed.post_logout_redirect_uris),
        backchannel_logout_uri=present.backchannel_logout_uri or installed.backchannel_logout_uri,
    )


def _with_secret(client: Client, secret_hash: bytes | None) -> Client:
    if secret_hash is not None and secret_hash in (client.secret_hash, client.former_secret_hash):
        # During a rotation the set-up may have either of the two.
        return client
    return replace(client, secret_hash=secret_hash, former_secret_hash=None)


def _union(present: Sequence[str], installed: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*present, *installed]))
