"""The commands about roles and permissions."""

from typing import Annotated, Final

import typer

from identity_service.admin.permission_schemas import PermissionRead
from identity_service.admin.role_schemas import RoleDraft, RolePage, RoleRead, RoleReplacement
from identity_service.administration import Administration, entered
from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.client_texts import list_of
from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.roles.values import RoleContent
from watchword.service.command_options import Cursor, Limit
from watchword.service.commands import Answer, CommandGroup, WrongUsage, page_answer

Name = Annotated[str, typer.Argument(metavar="ROLE", help="The name of a role.")]
GivenPermissions = Annotated[
    list[str] | None,
    typer.Option("--permission", metavar="PERMISSION", help="A permission that a service declares."),
]

_REQUIRES: Final = "Whether those who have it must sign in with a second factor."
_NOTHING: Final = (
    "there is nothing to change: name a --description, a --permission, --no-permissions, --requires-second-factor or "
    "--no-requires-second-factor"
)

GROUP = CommandGroup("roles", "Roles, and the permissions that each gives.", open_parts)
PERMISSIONS = CommandGroup("permissions", "The permissions that services declare.", open_parts)


@GROUP.verb("list")
async def list_roles(parts: Parts, *, limit: Limit = 20, cursor: Cursor = None) -> Answer:
    """List the roles, in the order of their names."""
    page = RolePage.of(await parts.roles.list(cursor, limit))
    return page_answer(page, [_line(role) for role in page.items], "There are no roles.")


@GROUP.verb("show")
async def show_role(parts: Parts, name: Name) -> Answer:
    """Show what a role is for and what it allows."""
    role = RoleRead.of(await parts.roles.get(name))
    return Answer(_text(role), role)


@GROUP.verb("create")
async def create_role(
    parts: Parts,
    name: Name,
    *,
    description: Annotated[str, typer.Option(metavar="TEXT", help="For people who give roles.")],
    permissions: GivenPermissions = None,
    requires: Annotated[bool, typer.Option("--requires-second-factor", help=_REQUIRES)] = False,
) -> Answer:
    """Make a role, which nobody has yet."""
    draft = entered(
        RoleDraft,
        name=name,
        description=description,
        permissions=permissions or [],
        requires_second_factor=requires,
    )
    role = RoleRead.of(await parts.roles.create(draft.name, draft.description, draft.as_content(), BY_COMMAND_LINE))
    return Answer(_text(role), role)


@GROUP.verb("change")
async def change_role(
    parts: Parts,
    name: Name,
    *,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="For people who give roles.")] = None,
    permissions: GivenPermissions = None,
    none: Annotated[bool, typer.Option("--no-permissions", help="Take every permission from it.")] = False,
    requires: Annotated[
        bool | None, typer.Option("--requires-second-factor/--no-requires-second-factor", help=_REQUIRES)
    ] = None,
    wait: Wait = None,
) -> Answer:
    """Give a role exactly the permissions that are named, or change its description, or whether it requires a second
    factor."""
    if none and permissions:
        raise WrongUsage("name permissions, or --no-permissions")
    if description is None and requires is None and not (none or permissions):
        raise WrongUsage(_NOTHING)
    # Judged as in a request, which has both.
    body = entered(
        RoleReplacement, description="as it is" if description is None else description, permissions=permissions or []
    )
    content = RoleContent(
        None if description is None else body.description,
        body.permissions if none or permissions else None,
        requires,
    )
    changed = await Administration(parts).change_role(name, content)
    role = RoleRead.of(changed.role)
    refused = "" if changed.act is None else "\nTokens that say otherwise are refused from now on."
    return await act_answer(parts, wait, changed.act, f"{_text(role)}{refused}", role.model_dump())


@GROUP.verb("delete")
async def delete_role(parts: Parts, name: Name, *, wait: Wait = None) -> Answer:
    """Delete a role, and take it from everybody who has it."""
    act = await Administration(parts).delete_role(name)
    text = f"The role {name} is deleted, and nobody has it. Tokens that carry it are refused from now on."
    return await act_answer(parts, wait, act, text)


@PERMISSIONS.verb("list")
async def list_permissions(parts: Parts) -> Answer:
    """List every permission that a service declares."""
    permissions = [PermissionRead.of(one) for one in await parts.admin.permissions.list()]
    lines = [f"{one.permission}  {one.description}  ({one.audience})" for one in permissions]
    return Answer("\n".join(lines) or "There are no permissions.", permissions)


def _line(role: RoleRead) -> str:
    return f"{role.name}  {role.description}  {list_of(role.permissions)}"


def _text(role: RoleRead) -> str:
    text = f"The role {role.name}: {role.description}\nPermissions: {list_of(role.permissions)}."
    return f"{text}\nPeople who have it must sign in with a second factor." if role.requires_second_factor else text
