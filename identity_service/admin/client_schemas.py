"""What clients look like in JSON."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BaseModel, Field

from identity_service.admin.tags import entity_tag
from identity_service.clients.drafts import ClientDraft
from identity_service.clients.fields import Audience as Audience
from identity_service.clients.fields import Audiences as Audiences
from identity_service.clients.fields import ClientId as ClientId
from identity_service.clients.fields import ClientName as ClientName
from identity_service.clients.fields import FirstParty as FirstParty
from identity_service.clients.fields import Grants as Grants
from identity_service.clients.fields import LogoutUri as LogoutUri
from identity_service.clients.fields import Scopes as Scopes
from identity_service.clients.fields import Uris as Uris
from identity_service.clients.models import ApplicationType, Client
from identity_service.clients.secrets import generate_secret
from identity_service.clients.values import ClientReplacements, ClientView
from watchword.http.fields import LEFT_OUT, Body
from watchword.http.paging import Page

_NO_TIME: Final = datetime.fromtimestamp(0, UTC)
_CALLBACK: Final = "https://app.example/callback"


class NewClientBody(Body):
    """A client to be made."""

    id: ClientId
    name: ClientName
    public: Annotated[bool, Field(description="It cannot keep a secret, and gets none")] = False
    first_party: FirstParty = False
    application_type: ApplicationType = ApplicationType.WEB
    grants: Grants
    scopes: Scopes
    audiences: Audiences
    default_audience: Audience | None = None
    redirect_uris: Uris = Field(default_factory=list)
    post_logout_redirect_uris: Uris = Field(default_factory=list)
    backchannel_logout_uri: LogoutUri = None

    def as_draft(self) -> ClientDraft:
        """The draft, which has a secret unless the client is public."""
        return ClientDraft(
            self.id,
            self.name,
            None if self.public else generate_secret(),
            self.grants,
            self.scopes,
            self.audiences,
            self.default_audience,
            is_first_party=self.first_party,
            application_type=self.application_type,
            redirect_uris=self.redirect_uris,
            post_logout_redirect_uris=self.post_logout_redirect_uris,
            backchannel_logout_uri=self.backchannel_logout_uri,
        )


class ClientPatch(Body):
    """The members of a client that are replaced; those left out stay as they are. Only `backchannel_logout_uri` may be
    null: then no logout tokens are sent."""

    name: ClientName = LEFT_OUT
    first_party: FirstParty = LEFT_OUT
    grants: Grants = LEFT_OUT
    scopes: Scopes = LEFT_OUT
    audiences: Audiences = LEFT_OUT
    default_audience: Audience = LEFT_OUT
    redirect_uris: Uris = LEFT_OUT
    post_logout_redirect_uris: Uris = LEFT_OUT
    backchannel_logout_uri: LogoutUri = None

    def as_replacements(self) -> ClientReplacements:
        return ClientReplacements(
            name=self.name,
            is_first_party=self.first_party,
            grants=self.grants,
            scopes=self.scopes,
            audiences=self.audiences,
            default_audience=self.default_audience,
            redirect_uris=self.redirect_uris,
            post_logout_redirect_uris=self.post_logout_redirect_uris,
            backchannel_logout_uri=self.backchannel_logout_uri,
            changes_logout_uri="backchannel_logout_uri" in self.model_fields_set,
        )


class SecretRead(BaseModel):
    """A valid secret, without its text."""

    former: bool = Field(description="Whether another one was made after it", examples=[False])
    last_used_at: datetime | None = Field(description="Up to a few minutes late; null if it was never used")


class ClientRead(BaseModel):
    """An application that asks for tokens, and what it may ask for."""

    id: str = Field(examples=["app"])
    name: str = Field(examples=["App"])
    public: bool = Field(description="It has no secret")
    first_party: FirstParty
    application_type: str = Field(examples=["web"])
    grants: list[str] = Field(examples=[["authorization_code"]])
    scopes: list[str] = Field(examples=[["posts:write"]])
    audiences: list[str] = Field(examples=[["http://localhost:8002"]])
    default_audience: str | None = Field(examples=["http://localhost:8002"])
    redirect_uris: list[str] = Field(examples=[[_CALLBACK]])
    post_logout_redirect_uris: list[str] = Field(examples=[["https://app.example/"]])
    backchannel_logout_uri: str | None = Field(examples=["https://app.example/logout"])
    secrets: list[SecretRead] = Field(description="The latest first")
    created_at: datetime
    last_used_at: datetime | None = Field(description="Up to a few minutes late; null if it was never used")

    @classmethod
    def of(cls, view: ClientView) -> "ClientRead":
        client = view.client
        hashes = [secret for secret in (client.secret_hash, client.former_secret_hash) if secret is not None]
        return cls(
            id=client.id,
            name=client.name,
            public=client.is_public,
            first_party=client.is_first_party,
            application_type=client.application_type,
            grants=list(client.grants),
            scopes=list(client.scopes),
            audiences=list(client.audiences),
            default_audience=client.default_audience,
            redirect_uris=list(client.redirect_uris),
            post_logout_redirect_uris=list(client.post_logout_redirect_uris),
            backchannel_logout_uri=client.backchannel_logout_uri,
            secrets=[
                SecretRead(former=index > 0, last_used_at=view.secret_used_at(secret))
                for index, secret in enumerate(hashes)
            ],
            created_at=view.created_at,
            last_used_at=max(view.used_at.values(), default=None),
        )


class ClientMade(ClientRead):
    """A client that was made, with its secret, which is shown in this answer alone."""

    secret: str | None = Field(description="Null for a public client", examples=["kTz0m3l1Vqk8kJx1JwS5mQ"])


class SecretRequest(Body):
    """Another secret for a client."""

    lost: Annotated[
        bool, Field(description="Nobody has the latest secret: the new one replaces it, and the former one stays valid")
    ] = False


class SecretMade(BaseModel):
    """A secret, which is shown in this answer alone."""

    secret: str = Field(examples=["kTz0m3l1Vqk8kJx1JwS5mQ"])


class ClientPage(BaseModel):
    items: list[ClientRead]
    next: str | None = Field(description="The cursor of the next page; null on the last", examples=["tO7mUmFwcA=="])

    @classmethod
    def of(cls, page: Page[ClientView]) -> "ClientPage":
        return cls(items=[ClientRead.of(view) for view in page.items], next=page.next_cursor)


def client_tag(client: Client) -> str:
    """The entity tag of a client, which its use does not change."""
    return entity_tag(ClientRead.of(ClientView(client, _NO_TIME, {})))
