"""What signing a browser in looks like in JSON."""

from typing import Annotated, Self

from pydantic import BaseModel, Field

from identity_service.authentication.password import MAX_LOGIN_CHARACTERS, PasswordCredentials
from identity_service.tokens.minting import TokenAnswer
from identity_service.users.normal_form import MAX_TYPED_CHARACTERS
from watchword.http.fields import Body, Text

_Resource = Annotated[
    Text | None,
    Field(max_length=500, description="The audience that the access token is for (RFC 8707); default: the client's"),
]


class SignInForm(Body):
    """`username` may be the e-mail address as well."""

    username: Annotated[Text, Field(min_length=1, max_length=MAX_LOGIN_CHARACTERS)]
    password: Annotated[Text, Field(min_length=1, max_length=MAX_TYPED_CHARACTERS)]
    resource: _Resource = None

    def credentials(self) -> PasswordCredentials:
        return PasswordCredentials(self.username, self.password)


class RefreshForm(Body):
    """Without `resource`, the access token is for the audience that the session began with."""

    resource: _Resource = None


class SignedInRead(BaseModel):
    """The access token only; the refresh token is in a cookie that no script can read."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6749 section 5.1, no secret
    expires_in: int
    scope: str

    @classmethod
    def of(cls, tokens: TokenAnswer) -> Self:
        return cls.model_validate(tokens, from_attributes=True)
