"""What the settings of this service require of people who moderate, in the OpenAPI document."""

from fastapi import FastAPI

from posts_service.dependencies import EditorGuard, ModerationGuard
from watchword.auth import Guard
from watchword.auth.errors import InsufficientUserAuthentication
from watchword.auth.guards import guards_of
from watchword.http.openapi import Document, amend, descriptions
from watchword.http.responses import by_text, merge, refusals

_OF_MODERATORS = " If it is somebody else's, you must have signed in with"


def describe_moderation(app: FastAPI, demand: Guard | None) -> None:
    """Say at each operation of moderators what sign-in it needs, if it needs one."""
    if demand is None:
        return
    values = {"acr": demand.acr, "max_age": demand.max_age}
    needs = [f"{name} {value}" for name, value in values.items() if value is not None]

    def change(document: Document) -> None:
        for operation, description in descriptions(app, document):
            guards = [guard for guard in guards_of(operation) if isinstance(guard, ModerationGuard)]
            if not guards:
                continue
            merge(description["responses"], by_text(refusals(InsufficientUserAuthentication)))
            if any(isinstance(guard, EditorGuard) for guard in guards):
                description["description"] += f"{_OF_MODERATORS} {' and '.join(needs)} (RFC 9470)."
            else:
                description["x-requires"] = sorted({*description.get("x-requires", ()), *needs})

    amend(app, change)
