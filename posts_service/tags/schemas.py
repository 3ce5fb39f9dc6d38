"""What tags look like in JSON."""

from pydantic import BaseModel, Field


class TagRead(BaseModel):
    name: str = Field(examples=["engines"])
    posts: int = Field(ge=1, description="How many published posts have it", examples=[3])


class TagPage(BaseModel):
    items: list[TagRead]
    next: str | None = Field(
        description="The cursor of the next page; null on the last", examples=["BhxwwX0AAAADZW5naW5lcw=="]
    )
