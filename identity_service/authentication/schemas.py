"""What signing a browser in looks like in JSON."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from identity_service.authentication.known_devices import KnownDevice
from identity_service.authentication.password import MAX_LOGIN_CHARACTERS, PasswordCredentials
from identity_service.tokens.minting import TokenAnswer
from identity_service.users.normal_form import MAX_TYPED_CHARACTERS
from watchword.http.fields import Body, Text

_Login = Annotated[Text, Field(min_length=1, max_length=MAX_LOGIN_CHARACTERS, examples=["ada"])]
_Password = Annotated[Text, Field(min_length=1, max_length=MAX_TYPED_CHARACTERS, examples=["correct horse battery"])]


_Resource = Annotated[
    Text | None,
    Field(
        max_length=500,
        description="The audience that the access token is for (RFC 8707); default: the client's",
        examples=["http://localhost:8002"],
    ),
]


class SignInForm(Body):
    """`username` may be the e-mail address as well."""

    username: _Login
    password: _Password
    resource: _Resource = None

    def credentials(self, device: KnownDevice | None) -> PasswordCredentials:
        return PasswordCredentials(self.username, self.password, device)


class RefreshForm(Body):
    """Without `resource`, the access token is for the audience that the session began with."""

    resource: _Resource = None


class SignedInRead(BaseModel):
    """The access token only; the refresh token is in a cookie that no script can read."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    access_token: str = Field(examples=["eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl"])
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6749 section 5.1, no secret
    expires_in: int = Field(ge=0, description="Seconds until the access token expires", examples=[600])
    scope: str = Field(description="Scopes separated by spaces", examples=["posts:write"])

    @classmethod
    def of(cls, tokens: TokenAnswer) -> Self:
        return cls.model_validate(tokens, from_attributes=True)
