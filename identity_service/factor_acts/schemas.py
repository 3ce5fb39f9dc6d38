"""What factors look like in JSON, but for passkeys alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from identity_service.factor_acts.apps import AppSecret
from identity_service.factor_acts.listing import FactorsOfUser
from identity_service.factor_acts.passkey_schemas import PasskeyRead
from watchword.http.fields import Body, Text

_MAX_CODE_CHARACTERS: Final = 64
_SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - an example
_CODES: Final = ["abcd-efgh-jkmn-pqrs", "0123-4567-89ab-cdef"]


class AppRead(BaseModel):
    """The authenticator app of your account."""

    model_config = ConfigDict(from_attributes=True)

    created_at: datetime
    last_used_at: datetime | None = Field(description="When a code of it was accepted last; null before the first")


class FactorsRead(BaseModel):
    """What your account has beside its password."""

    totp: AppRead | None = Field(description="The authenticator app; null if there is none")
    passkeys: list[PasskeyRead]
    recovery_codes_left: int = Field(description="How many recovery codes can still be used", examples=[10])

    @classmethod
    def of(cls, factors: FactorsOfUser) -> Self:
        return cls(
            totp=None if factors.app is None else AppRead.model_validate(factors.app),
            passkeys=[PasskeyRead.model_validate(passkey) for passkey in factors.passkeys],
            recovery_codes_left=factors.recovery_codes_left,
        )


class AppSecretRead(BaseModel):
    """The secret of an authenticator app, shown only now."""

    model_config = ConfigDict(from_attributes=True)

    secret: str = Field(description="The secret in base32, for an app that takes it as text", examples=[_SECRET])
    uri: str = Field(
        description="The same as an `otpauth:` URI, for a QR code",
        examples=[f"otpauth://totp/id.example:ada?secret={_SECRET}&issuer=id.example"],
    )
    expires_at: datetime = Field(description="Until when the app can be confirmed")

    @classmethod
    def of(cls, secret: AppSecret) -> Self:
        return cls.model_validate(secret)


class AppConfirmation(Body):
    """The code that the app shows."""

    code: Annotated[Text, Field(max_length=_MAX_CODE_CHARACTERS, description="Six digits", examples=["123456"])]


class RecoveryCodesRead(BaseModel):
    """Recovery codes, shown only now."""

    recovery_codes: Sequence[str] = Field(
        description="Each replaces the second factor for one sign-in. Empty if the account had a factor before: it has"
        " its codes already",
        examples=[_CODES],
    )
