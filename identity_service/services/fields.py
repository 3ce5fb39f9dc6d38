"""Types for the fields of services, over HTTP and in a file."""

from typing import Annotated, Final

from pydantic import Field

from watchword.http.fields import Label, Text

MAX_WORDS: Final = 200
_AUDIENCE: Final = "https://notes.example"

Audience = Annotated[Text, Field(max_length=500, description="`aud` of its tokens: a URL", examples=[_AUDIENCE])]
ServiceName = Annotated[Label, Field(max_length=200, description="For people", examples=["Notes"])]
OwnClient = Annotated[
    Text | None,
    Field(max_length=100, description="The service's own client, which may introspect its tokens", examples=["notes"]),
]
Word = Annotated[Text, Field(max_length=200)]
Description = Annotated[Label, Field(max_length=500)]
