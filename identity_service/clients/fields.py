"""Types for the fields of clients, over HTTP and in a file."""

from typing import Annotated, Final

from pydantic import Field

from identity_service.clients.grant_types import GrantType
from watchword.http.fields import Label, Text

MAX_ENTRIES: Final = 100
_CALLBACK: Final = "https://app.example/callback"

ClientId = Annotated[Text, Field(max_length=63, description="It is in tokens, and never changes", examples=["app"])]
ClientName = Annotated[
    Label, Field(max_length=200, description="For people who are asked to consent", examples=["App"])
]
Grants = Annotated[list[GrantType], Field(max_length=MAX_ENTRIES)]
Scopes = Annotated[
    list[Annotated[Text, Field(max_length=200, examples=["posts:write"])]], Field(max_length=MAX_ENTRIES)
]
Audiences = Annotated[
    list[Annotated[Text, Field(max_length=500, examples=["http://localhost:8002"])]], Field(max_length=MAX_ENTRIES)
]
Audience = Annotated[
    Text,
    Field(
        max_length=500,
        description="The audience of tokens for which no resource is requested; the first one if it is left out",
        examples=["http://localhost:8002"],
    ),
]
Uris = Annotated[list[Annotated[Text, Field(max_length=500, examples=[_CALLBACK])]], Field(max_length=MAX_ENTRIES)]
LogoutUri = Annotated[
    Text | None,
    Field(max_length=500, description="Where logout tokens are sent", examples=["https://app.example/logout"]),
]
FirstParty = Annotated[bool, Field(description="It belongs to this installation: nobody is asked to consent")]
