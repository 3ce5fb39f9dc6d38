"""The options of the commands about clients."""

from typing import Annotated, Any, Final

import typer

from identity_service.clients.grant_types import GrantType

_DEVICE_CODE: Final = "device_code"
_GRANTS: Final = {(_DEVICE_CODE if grant is GrantType.DEVICE_CODE else grant.value): grant for grant in GrantType}

Id = Annotated[str, typer.Argument(metavar="ID", help="The id of a client.")]


def _grant(text: str) -> GrantType:
    """The grant type; `device_code` is short for a URN."""
    if text in _GRANTS:
        return _GRANTS[text]
    try:
        return GrantType(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is none of {', '.join(_GRANTS)}") from None


def _grants(name: str, text: str) -> Any:
    return typer.Option(name, metavar="GRANT", parser=_grant, help=f"{text}: {', '.join(_GRANTS)}.")


def _uris(name: str, text: str) -> Any:
    return typer.Option(name, metavar="URI", help=text)


Grants = Annotated[list[GrantType] | None, _grants("--grant", "A way to get tokens")]
LostGrants = Annotated[list[GrantType] | None, _grants("--remove-grant", "Remove this way to get tokens")]
RedirectUris = Annotated[
    list[str] | None,
    _uris("--redirect-uri", "Where people go after signing in: https, or http to this machine."),
]
LogoutRedirectUris = Annotated[
    list[str] | None, _uris("--post-logout-redirect-uri", "Where people may go after signing out.")
]
LogoutUri = Annotated[
    str | None,
    _uris("--backchannel-logout-uri", "Where logout tokens are sent (OpenID Connect Back-Channel Logout)."),
]
LostUris = Annotated[list[str] | None, _uris("--remove-redirect-uri", "Remove this URI.")]
LostLogoutRedirectUris = Annotated[list[str] | None, _uris("--remove-post-logout-redirect-uri", "Remove this URI.")]
LosesLogoutUri = Annotated[
    bool, typer.Option("--remove-backchannel-logout-uri", help="Send no logout tokens to this client.")
]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A scope of a service.")]
Audiences = Annotated[list[str] | None, typer.Option("--audience", help="The audience of a service.")]
DefaultAudience = Annotated[str | None, typer.Option(help="The audience of tokens for which no resource is requested.")]
ChangesFirstParty = Annotated[
    bool | None,
    typer.Option(
        "--first-party/--no-first-party",
        help="Whether it belongs to this installation: then nobody is asked to consent.",
    ),
]
