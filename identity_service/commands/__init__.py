"""What people administer by `python -m identity_service GROUP VERB`: one module for each group.

To add a group, write a module with `GROUP = CommandGroup(name, description, open_parts)` and its verbs, and name it in
`GROUPS`. `None` as the name makes each verb a command of its own, beside `serve`. A verb is an async function:

    @GROUP.verb("show")
    async def show_key(parts: Parts, kid: Annotated[str, typer.Argument(metavar="KID", help="…")]) -> Answer:
        \"\"\"Show a signing key.\"\"\"
        key = SigningKeyRead.of(await parts.admin.key_views.get(kid))
        return Answer(line_of(key), key)

It is one call of a use case or of `Administration`, with the cause BY_COMMAND_LINE; what it raises is printed and ends
the command with status 1, and `WrongUsage` with 2. The answer has the words for people, and the document that `--json`
prints: the API's model, if there is one. Verbs that list take `Limit` and `Cursor` and end with `page_answer`; verbs
that revoke take `Wait` and end with `act_answer`. `GROUP.verb(name, open_parts)` has a verb work with other parts. A
command with settings of its own also has a line in `identity_service.cli`.
"""

from typing import Any, Final

from identity_service.commands import (
    audit,
    clients,
    consents,
    jobs,
    keys,
    realm,
    recovery,
    roles,
    services,
    setup,
    streams,
    user_import,
)
from watchword.service.commands import CommandGroup

GROUPS: Final[tuple[CommandGroup[Any], ...]] = (
    setup.GROUP,
    user_import.GROUP,
    roles.GROUP,
    roles.PERMISSIONS,
    services.GROUP,
    clients.GROUP,
    consents.GROUP,
    keys.GROUP,
    streams.GROUP,
    audit.GROUP,
    jobs.GROUP,
    recovery.GROUP,
    realm.GROUP,
)
