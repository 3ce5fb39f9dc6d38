"""The preference `wait` in the OpenAPI document. The routes read the field themselves, since one that is malformed is
ignored."""

from typing import Any, Final

from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.preference import MAX_SECONDS
from watchword.http.responses import Responses, answer

_ANSWER: Final = (
    "With `Prefer: wait=N`: which services obey by now, and which have not confirmed it. The act is committed"
)

PREFER_WAIT: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Prefer",
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": "`wait=N` (RFC 7240): answer 200 once every service obeys, or when N seconds are over,"
            f" {MAX_SECONDS} at most. Anything else is ignored",
            "example": "wait=2",
        }
    ]
}
"""For `openapi_extra` of an act that can be waited for."""


def obedience_answer(*header_fields: str) -> Responses:
    """The part of a route's `responses=` that says what it answers a caller who prefers to wait."""
    responses = answer(200, "Preference-Applied", *header_fields, description=_ANSWER)
    responses[200]["model"] = ObedienceRead
    return responses
