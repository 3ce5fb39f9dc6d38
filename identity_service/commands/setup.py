"""The command that prepares an installation."""

from typing import Final

from identity_service.administration import AccountDraft, Administration, FirstAdministrator
from identity_service.commands.opening import open_for_setup
from identity_service.installation import OWN_CLIENTS, POSTS_PAGES_CLIENT, Unassigned
from identity_service.parts import Parts
from identity_service.settings import SetupSettings
from watchword.service import load
from watchword.service.commands import Answer, CommandGroup

_NO_PAGES: Final = (
    "Nobody can sign in on the pages of posts: set IDENTITY_POSTS_PAGES_ORIGIN to their https:// origin, since the"
    " audience of posts is an http:// URL of another machine."
)
_FIRST_ADMINISTRATOR: Final = {
    FirstAdministrator.CREATED: "The account {} was made; it is an administrator.",
    FirstAdministrator.NOT_NEEDED: "An administrator exists already.",
    FirstAdministrator.NAME_TAKEN: "There is no administrator: the name or the address of the account {} is taken.",
}

GROUP = CommandGroup(None, "", open_for_setup)


@GROUP.verb("setup")
async def set_up(parts: Parts) -> Answer:
    """Make the clients, the first signing key and an administrator, unless they exist."""
    setup = load(SetupSettings)
    administration = Administration(parts)
    secret = setup.posts_client_secret.get_secret_value()
    key = await administration.install(setup.posts_audience, secret, setup.posts_pages_origin)
    present = {client.id for client in await parts.clients.list_all()}
    clients = [own for own in OWN_CLIENTS if own in present]
    lines = [f"The clients {', '.join(clients)} are set up."]
    lines.extend([] if POSTS_PAGES_CLIENT in present else [_NO_PAGES])
    lines.append("A signing key exists already." if key is None else f"The signing key {key.kid} was made.")
    unassigned = await administration.assign_scopes(setup.posts_audience)
    lines.extend(_assignment(scope) for scope in unassigned)
    outcome = await _first_administrator(administration, setup)
    if outcome is not None:
        lines.append(_FIRST_ADMINISTRATOR[outcome].format(setup.admin_username))
    document = {
        "clients": clients,
        "signing_key": None if key is None else key.kid,
        "unassigned_scopes": [scope.scope for scope in unassigned],
        "administrator": None if outcome is None else outcome.name.lower(),
    }
    return Answer("\n".join(lines), document)


async def _first_administrator(administration: Administration, setup: SetupSettings) -> FirstAdministrator | None:
    """None if the settings name nobody."""
    if not (setup.admin_password and setup.admin_username and setup.admin_email):
        return None
    password = setup.admin_password.get_secret_value()
    draft = AccountDraft(setup.admin_username, setup.admin_email, password)
    return await administration.create_first_administrator(draft)


def _assignment(unassigned: Unassigned) -> str:
    scope, clients = unassigned.scope, ", ".join(unassigned.clients)
    return (
        f"The scope {scope} of the client {clients} belongs to no service, and no token carries it; assign it with:"
        f" services create AUDIENCE --name NAME --scope '{scope}=TEXT',"
        f" or services change AUDIENCE --scope '{scope}=TEXT'"
    )
