"""What the OAuth endpoints answer, in JSON."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

# The default of a member that an answer may lack; it is never null.
_ABSENT: Final[Any] = None

_Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
_Authentication = Annotated[list[str], Field(examples=[["client_secret_basic", "client_secret_post"]])]


class TokenRead(BaseModel):
    """RFC 6749 section 5.1. A service gets no refresh token for itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl",
                "token_type": "Bearer",
                "expires_in": 600,
                "scope": "posts:write",
                "refresh_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6InJ0K2p3dCJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl",
            }
        }
    )

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(ge=0, description="Seconds until the access token expires")
    scope: str = Field(_ABSENT, description="The scopes of the access token, separated by spaces")
    refresh_token: str = _ABSENT
    id_token: str = Field(_ABSENT, description="If the client has the scope `openid`")


class DeviceAuthorizationRead(BaseModel):
    """RFC 8628 section 3.2."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "device_code": "gT5dkWIVgiVVcFKQOlnYmlYkjfYH-6sVdqbiiqCDQTs",
                "user_code": "WDJB-MJHT",
                "verification_uri": "https://id.example.com/device",
                "verification_uri_complete": "https://id.example.com/device?user_code=WDJB-MJHT",
                "expires_in": 600,
                "interval": 5,
            }
        }
    )

    device_code: str
    user_code: str = Field(description="What the device shows, and a person enters at `verification_uri`")
    verification_uri: _Url
    verification_uri_complete: _Url = Field(description="The same page with the code filled in, for a QR code")
    expires_in: int = Field(description="Seconds until both codes expire")
    interval: int = Field(description="Seconds to wait between two requests to the token endpoint")


class IntrospectionRead(BaseModel):
    """RFC 7662 section 2.2. A token that is not valid now has `active` alone."""

    model_config = ConfigDict(json_schema_extra={"example": {"active": False}})

    active: bool
    token_type: Literal["Bearer"] = _ABSENT
    scope: str = Field(_ABSENT, description="Scopes separated by spaces")
    client_id: str = _ABSENT
    username: str = _ABSENT
    exp: int = Field(_ABSENT, description="Seconds since 1970")
    iat: int = Field(_ABSENT, description="Seconds since 1970")
    sub: str = _ABSENT
    aud: str | list[str] = _ABSENT
    iss: str = _ABSENT
    jti: str = _ABSENT
    sid: str = _ABSENT
    auth_time: int = Field(_ABSENT, description="When the person was authenticated, in seconds since 1970")
    acr: str = Field(
        _ABSENT, description="How strongly the person was authenticated, less what a removed factor took from it"
    )
    amr: list[str] = Field(_ABSENT, description="The methods by which the person was authenticated (RFC 8176)")
    roles: list[str] = _ABSENT
    permissions: list[str] = _ABSENT
    ver: int = Field(_ABSENT, description="Counts the changes to what tokens say of this user")
    rver: int = Field(_ABSENT, description="Counts the changes to what roles may do")


class ServerMetadata(BaseModel):
    """RFC 8414 section 2, and OpenID Connect Discovery 1.0 section 3."""

    issuer: _Url
    authorization_endpoint: _Url
    token_endpoint: _Url
    userinfo_endpoint: _Url
    jwks_uri: _Url
    response_types_supported: list[str] = Field(examples=[["code"]])
    response_modes_supported: list[str] = Field(examples=[["query", "form_post"]])
    code_challenge_methods_supported: list[str] = Field(examples=[["S256"]])
    authorization_response_iss_parameter_supported: bool
    grant_types_supported: list[str] = Field(examples=[["authorization_code", "refresh_token", "client_credentials"]])
    token_endpoint_auth_methods_supported: _Authentication
    revocation_endpoint: _Url
    revocation_endpoint_auth_methods_supported: _Authentication
    introspection_endpoint: _Url
    introspection_endpoint_auth_methods_supported: _Authentication
    end_session_endpoint: _Url
    backchannel_logout_supported: bool
    backchannel_logout_session_supported: bool
    device_authorization_endpoint: _Url
    service_documentation: _Url
    scopes_supported: list[str] = Field(examples=[["openid", "profile", "email", "offline_access"]])
    claims_supported: list[str] = Field(examples=[["sub", "auth_time", "email"]])
    subject_types_supported: list[str] = Field(examples=[["public"]])
    id_token_signing_alg_values_supported: list[str] = Field(examples=[["RS256"]])
    acr_values_supported: list[str] = Field(examples=[["pwd", "mfa", "phr"]])
    prompt_values_supported: list[str] = Field(examples=[["none", "login", "consent", "select_account", "create"]])
    claims_parameter_supported: bool
    request_parameter_supported: bool
    request_uri_parameter_supported: bool


class OAuthRefusal(BaseModel):
    """RFC 6749 section 5.2, RFC 8628 section 3.5, and RFC 8707 and RFC 7009 for one code each."""

    error: Literal[
        "access_denied",
        "authorization_pending",
        "expired_token",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "slow_down",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_token_type",
    ]
    error_description: str
