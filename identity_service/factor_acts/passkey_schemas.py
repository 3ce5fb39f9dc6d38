"""What passkeys look like in JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from identity_service.devices import Device
from identity_service.factor_acts.passkey_acts import PasskeyAddition
from identity_service.user_agents import device_name
from watchword.http.fields import LEFT_OUT, NO_LABEL_CHARACTERS, Body, Label, Stripped, Visible, visible_pattern

MAX_NAME_CHARACTERS: Final = 64

PasskeyName = Annotated[
    Label,
    Stripped,
    Field(
        min_length=1,
        max_length=MAX_NAME_CHARACTERS,
        json_schema_extra={"pattern": visible_pattern(NO_LABEL_CHARACTERS)},
        description="The name that its owner gave it",
        examples=["Chrome on Linux"],
    ),
    Visible,
]
_JSON: Final = {"id": "AAECAw", "rawId": "AAECAw", "type": "public-key", "response": {"clientDataJSON": "e30"}}


class PasskeyOptions(BaseModel):
    """What `navigator.credentials.create` takes."""

    public_key: dict[str, Any] = Field(
        description="The member `publicKey`, after `PublicKeyCredential.parseCreationOptionsFromJSON`"
        " (WebAuthn Level 3 section 5.1). An answer to its challenge is taken once, for ten minutes",
        examples=[{"rp": {"id": "id.example", "name": "id.example"}, "challenge": "AAECAw"}],
    )


class PasskeyDraft(Body):
    """A passkey that an authenticator has made."""

    credential: dict[str, Any] = Field(
        description="What the browser answered, by its method `toJSON` (WebAuthn Level 3 section 5.1)", examples=[_JSON]
    )
    name: PasskeyName = LEFT_OUT

    def name_or_default(self, device: Device) -> str:
        return self.name or default_name(device)


class PasskeyChanges(Body):
    """Changes of a passkey."""

    name: PasskeyName


class PasskeyRead(BaseModel):
    """A passkey of yours."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str = Field(examples=["Chrome on Linux"])
    is_backed_up: bool = Field(description="Whether it is synchronized, so that other devices of yours have it too")
    transports: list[str] = Field(
        description="How its authenticator is reached, as far as the browser said it", examples=[["internal"]]
    )
    created_at: datetime
    last_used_at: datetime | None


class PasskeyAdded(BaseModel):
    """The passkey, and what came with the first factor of the account."""

    passkey: PasskeyRead
    recovery_codes: Sequence[str] = Field(
        description="Ten codes if it is the first factor of the account, else empty. Each replaces the second factor"
        " for one sign-in; they are shown only now",
        examples=[["abcd-efgh-jkmn-pqrs"]],
    )

    @classmethod
    def of(cls, addition: PasskeyAddition) -> Self:
        passkey = PasskeyRead.model_validate(addition.passkey)
        return cls(passkey=passkey, recovery_codes=addition.addition.recovery_codes)


def default_name(device: Device) -> str:
    """How a passkey is called whose owner gives it no name: as the browser in which it was made."""
    program, system = device_name(device.description)
    if program is not None and system is not None:
        return f"{program} on {system}"
    return program or system or "Passkey"
