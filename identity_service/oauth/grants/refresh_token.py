"""grant_type=refresh_token (RFC 6749 section 6), with rotation (RFC 9700 section 4.14.2)."""

from datetime import datetime

from identity_service.clients.models import Client
from identity_service.oauth.request import Form
from identity_service.recording.recorder import Recorder
from identity_service.sessions import service as sessions
from identity_service.sessions.service import Lifetimes
from identity_service.tokens.minting import TokenAnswer, TokenMinter
from watchword.database.database import Database


async def refresh(
    database: Database,
    recorder: Recorder,
    issuer: TokenMinter,
    lifetimes: Lifetimes,
    client: Client,
    form: Form,
    now: datetime,
) -> TokenAnswer:
    """Trade a refresh token in. Fewer scopes or resources may be asked for than the session has, never more."""
    presented = await issuer.presented(
        form.get("refresh_token"), client, now, scope=form.find("scope"), resources=form.all("resource")
    )
    grant = await sessions.rotate(database, recorder, presented, lifetimes, now)
    return issuer.for_session(grant, now)
