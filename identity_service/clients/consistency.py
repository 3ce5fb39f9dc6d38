"""What is wrong with a client as a whole: nothing is accepted that can never take effect."""

import re
from collections.abc import Iterator
from typing import Final

from identity_service.clients import redirect_uris
from identity_service.clients.grant_types import OF_PEOPLE, GrantType
from identity_service.clients.models import ApplicationType, Client
from identity_service.clients.scopes import CLAIM_SCOPES, INTROSPECT, OFFLINE_ACCESS, OPENID
from watchword.characters import has_visible
from watchword.errors import Fault

# The constraint of the table says the same.
_ID: Final = re.compile(r"(?![0-9a-f]{8}-)[a-z][a-z0-9-]{1,62}")
_GIVE_REFRESH_TOKENS: Final = "authorization_code, device_code or password"


def faults(client: Client) -> Iterator[Fault]:
    """Everything that is wrong with the client; what its services offer is judged elsewhere."""
    if not _ID.fullmatch(client.id):
        yield Fault.of("id", "a client id is 2 to 63 of a-z, 0-9 and hyphen, begins with a letter and is not a UUID")
    if not has_visible(client.name):
        yield Fault.of("name", "a client needs a name")
    yield from _grant_faults(client)
    yield from _scope_faults(client)
    yield from _code_faults(client)
    yield from _uri_faults(client)


def _grant_faults(client: Client) -> Iterator[Fault]:
    signs_people_in = not OF_PEOPLE.isdisjoint(client.grants)
    if not client.grants:
        yield Fault.of("grants", "a client needs at least one grant")
    if client.is_public and GrantType.CLIENT_CREDENTIALS in client.grants:
        yield Fault.of("grants", "a public client has no secret, which the grant client_credentials needs")
    if GrantType.PASSWORD in client.grants and not client.is_first_party:
        yield Fault.of(
            "grants", "the grant password is for first-party clients only: no other application may see a password"
        )
    if client.is_first_party and client.grants and not signs_people_in:
        yield Fault.of("first_party", "nobody signs in by these grants, so being a first-party client has no effect")
    if GrantType.REFRESH_TOKEN in client.grants and not signs_people_in:
        yield Fault.of(
            "grants", f"the grant refresh_token needs one that gives the first refresh token: {_GIVE_REFRESH_TOKENS}"
        )
    if not client.is_public and client.application_type == ApplicationType.NATIVE:
        yield Fault.of(
            "application_type", "a native application is public, since every copy of it would have the secret"
        )


def _scope_faults(client: Client) -> Iterator[Fault]:
    if not client.scopes:
        yield Fault.of("scopes", "a client needs at least one scope")
    if not client.audiences:
        yield Fault.of("audiences", "a client needs at least one audience")
    has_refresh_tokens = GrantType.REFRESH_TOKEN in client.grants
    if OFFLINE_ACCESS in client.scopes and not has_refresh_tokens:
        yield Fault.of("scopes", f"the scope {OFFLINE_ACCESS} needs the grant refresh_token")
    if has_refresh_tokens and not client.is_first_party and OFFLINE_ACCESS not in client.scopes:
        yield Fault.of(
            "grants",
            f"the grant refresh_token needs the scope {OFFLINE_ACCESS}, unless the client is a first-party one",
        )
    if client.is_public and INTROSPECT in client.scopes:
        yield Fault.of("scopes", f"a public client has no secret, which the scope {INTROSPECT} needs")
    if OPENID not in client.scopes:
        for scope in sorted(CLAIM_SCOPES.intersection(client.scopes)):
            yield Fault.of("scopes", f"the scope {scope} needs the scope {OPENID}")


def _code_faults(client: Client) -> Iterator[Fault]:
    has_codes = GrantType.AUTHORIZATION_CODE in client.grants
    if has_codes and not client.redirect_uris:
        yield Fault.of("redirect_uris", "the grant authorization_code needs a redirect URI")
    if has_codes:
        return
    for member, name, uris in (
        ("redirect_uris", "a redirect URI", client.redirect_uris),
        ("post_logout_redirect_uris", "a redirect URI after a logout", client.post_logout_redirect_uris),
        ("backchannel_logout_uri", "a logout URI", client.backchannel_logout_uri),
    ):
        if uris:
            yield Fault.of(member, f"{name} needs the grant authorization_code")


def _uri_faults(client: Client) -> Iterator[Fault]:
    members = ("post_logout_redirect_uris", client.post_logout_redirect_uris), ("redirect_uris", client.redirect_uris)
    member_by_uri = {uri: member for member, uris in members for uri in uris}
    for uri in dict.fromkeys([*client.redirect_uris, *client.post_logout_redirect_uris]):
        if fault := redirect_uris.fault(uri, client.application_type):
            yield Fault.of(member_by_uri[uri], f"{uri!r} is no redirect URI: {fault}")
    logout_uri = client.backchannel_logout_uri
    if logout_uri is not None and (fault := redirect_uris.web_fault(logout_uri)):
        yield Fault.of("backchannel_logout_uri", f"{logout_uri!r} is no logout URI: {fault}")
