"""What likes look like in JSON."""

from pydantic import BaseModel, Field


class LikesRead(BaseModel):
    """How many people like a post, and whether the caller does."""

    likes: int = Field(ge=0, examples=[3])
    liked: bool = Field(examples=[True])
