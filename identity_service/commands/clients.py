"""The commands about clients."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from identity_service.admin.client_schemas import ClientMade, ClientPage, ClientRead, NewClientBody, SecretMade
from identity_service.administration import Administration, entered
from identity_service.clients.changes import ClientChanges, ListChange
from identity_service.clients.drafts import ClientExtension
from identity_service.clients.models import ApplicationType
from identity_service.commands import client_options as options
from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.client_texts import describe, line_of
from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from watchword.service.command_options import Cursor, Limit
from watchword.service.commands import Answer, CommandGroup, WrongUsage, page_answer

GROUP = CommandGroup("clients", "The applications that ask for tokens.", open_parts)


@GROUP.verb("list")
async def list_clients(parts: Parts, *, limit: Limit = 20, cursor: Cursor = None) -> Answer:
    """List the clients, in the order of their ids."""
    page = ClientPage.of(await parts.admin.clients.list(cursor, limit))
    return page_answer(page, [line_of(client) for client in page.items], "There are no clients.")


@GROUP.verb("show")
async def show_client(parts: Parts, client_id: options.Id) -> Answer:
    """Show what a client may do."""
    client = ClientRead.of(await parts.admin.clients.get(client_id))
    return Answer("\n".join([f"The client {client.id}: {client.name}.", *describe(client, parts.settings)]), client)


@GROUP.verb("create")
async def create_client(
    parts: Parts,
    client_id: options.Id,
    *,
    name: Annotated[str | None, typer.Option(help="For people who are asked to consent; default: its id.")] = None,
    public: Annotated[bool, typer.Option("--public", help="It cannot keep a secret, and gets none.")] = False,
    first_party: Annotated[
        bool, typer.Option("--first-party", help="It belongs to this installation: nobody is asked to consent.")
    ] = False,
    native: Annotated[
        bool, typer.Option("--native", help="An app on a device: its redirect URIs may have a scheme of their own.")
    ] = False,
    grants: options.Grants = None,
    scopes: options.Scopes = None,
    audiences: options.Audiences = None,
    default_audience: options.DefaultAudience = None,
    redirect_uris: options.RedirectUris = None,
    post_logout_redirect_uris: options.LogoutRedirectUris = None,
    backchannel_logout_uri: options.LogoutUri = None,
) -> Answer:
    """Make a client. Unless it is public it gets a secret, which is shown only now."""
    body = entered(
        NewClientBody,
        id=client_id,
        name=client_id if name is None else name,
        public=public,
        first_party=first_party,
        application_type=ApplicationType.NATIVE if native else ApplicationType.WEB,
        grants=grants or [],
        scopes=scopes or [],
        audiences=audiences or [],
        default_audience=default_audience,
        redirect_uris=redirect_uris or [],
        post_logout_redirect_uris=post_logout_redirect_uris or [],
        backchannel_logout_uri=backchannel_logout_uri,
    )
    made, warnings = await Administration(parts).create_client(body.as_draft())
    client = ClientMade(**ClientRead.of(made.view).model_dump(), secret=made.secret)
    secret = [] if made.secret is None else [f"Secret, shown only now: {made.secret}"]
    return Answer("\n".join([*_saved(parts, client), *_warnings(warnings), *secret]), client)


@GROUP.verb("extend")
async def extend_client(
    parts: Parts,
    client_id: options.Id,
    *,
    scopes: options.Scopes = None,
    audiences: options.Audiences = None,
    default_audience: options.DefaultAudience = None,
) -> Answer:
    """Allow a client more scopes and audiences."""
    if not (scopes or audiences or default_audience):
        raise WrongUsage("there is nothing to add: name a --scope, an --audience or a --default-audience")
    extension = ClientExtension(scopes or (), audiences or (), default_audience)
    view, warnings = await Administration(parts).extend_client(client_id, extension)
    client = ClientRead.of(view)
    return Answer("\n".join([*_saved(parts, client), _effect_on_sessions(client), *_warnings(warnings)]), client)


@GROUP.verb("change")
async def change_client(
    parts: Parts,
    client_id: options.Id,
    *,
    name: Annotated[str | None, typer.Option(help="For people who are asked to consent.")] = None,
    grants: options.Grants = None,
    lost_grants: options.LostGrants = None,
    redirect_uris: options.RedirectUris = None,
    lost_redirect_uris: options.LostUris = None,
    post_logout_redirect_uris: options.LogoutRedirectUris = None,
    lost_post_logout_redirect_uris: options.LostLogoutRedirectUris = None,
    backchannel_logout_uri: options.LogoutUri = None,
    loses_logout_uri: options.LosesLogoutUri = False,
    first_party: options.ChangesFirstParty = None,
) -> Answer:
    """Give a client another name, or add and remove its grants and URIs."""
    changes = ClientChanges(
        name=name,
        grants=_change(grants, lost_grants),
        redirect_uris=_change(redirect_uris, lost_redirect_uris),
        post_logout_redirect_uris=_change(post_logout_redirect_uris, lost_post_logout_redirect_uris),
        backchannel_logout_uri=backchannel_logout_uri,
        removes_backchannel_logout_uri=loses_logout_uri,
        is_first_party=first_party,
    )
    if changes == ClientChanges():
        raise WrongUsage("there is nothing to change: name what to add or to remove")
    client = ClientRead.of(await Administration(parts).change_client(client_id, changes))
    return Answer("\n".join(_saved(parts, client)), client)


@GROUP.verb("delete")
async def delete_client(parts: Parts, client_id: options.Id, *, wait: Wait = None) -> Answer:
    """Delete a client with its sessions and its streams."""
    act = await parts.admin.client_deletion.delete(client_id, BY_COMMAND_LINE, lambda _: None)
    text = f"The client {client_id} is deleted, and every service refuses the tokens of its sessions."
    return await act_answer(parts, wait, act, text)


@GROUP.verb("add-secret")
async def add_secret(
    parts: Parts,
    client_id: options.Id,
    *,
    lost: Annotated[
        bool,
        typer.Option(
            "--lost", help="Nobody has the latest secret: another one takes its place, and the former one stays valid."
        ),
    ] = False,
) -> Answer:
    """Give a client another secret; the former one stays valid."""
    secret = await parts.admin.clients.add_secret(client_id, BY_COMMAND_LINE, replaces_latest=lost)
    text = (
        f"The client {client_id} has another secret. The former one stays valid until you run"
        f" clients end-former-secret {client_id}: do so once nothing uses it.\nSecret, shown only now: {secret}"
    )
    return Answer(text, SecretMade(secret=secret))


@GROUP.verb("end-former-secret")
async def end_former_secret(parts: Parts, client_id: options.Id) -> Answer:
    """Let only the latest secret be valid."""
    await parts.admin.clients.end_former_secret(client_id, BY_COMMAND_LINE)
    return Answer(f"The former secret of {client_id} is not valid from now on.", {})


def _change(additions: Sequence[str] | None, removals: Sequence[str] | None) -> ListChange:
    return ListChange(tuple(additions or ()), tuple(removals or ()))


def _saved(parts: Parts, client: ClientRead) -> list[str]:
    return [f"The client {client.id} is saved.", *describe(client, parts.settings)]


def _effect_on_sessions(client: ClientRead) -> str:
    if client.first_party:
        return "Its open sessions get this with their next refresh, unless their scopes were asked for by name."
    if "refresh_token" in client.grants:
        return "Its open sessions keep what they have; what is added needs another sign-in."
    return "It has no sessions; its next token can have this."


def _warnings(warnings: Iterable[str]) -> list[str]:
    return [f"Warning: {warning}." for warning in warnings]
