"""Types for the fields of roles, over HTTP and in a file."""

from typing import Annotated, Final

from pydantic import Field, StrictBool, StringConstraints

from watchword.http.fields import NO_LABEL_CHARACTERS, Label, Stripped, Text, Visible, visible_pattern

MAX_DESCRIPTION: Final = 500
MAX_PERMISSIONS: Final = 200

RoleName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$"),
    Field(description="It is written in tokens, and never changes", examples=["editor"]),
]
Description = Annotated[
    Label,
    Field(
        min_length=1,
        max_length=MAX_DESCRIPTION,
        description="For people who give roles",
        examples=["May change the posts of others"],
        json_schema_extra={"pattern": visible_pattern(NO_LABEL_CHARACTERS)},
    ),
    Stripped,
    Visible,
]
PermissionNames = Annotated[
    list[Annotated[Text, Field(max_length=200, examples=["post:edit_any"])]],
    Field(max_length=MAX_PERMISSIONS, description="Permissions that services declare"),
]
RequiresSecondFactor = Annotated[
    StrictBool,
    Field(
        description="Whether those who have the role must sign in with a second factor: those who have none add one "
        "before anything else"
    ),
]
