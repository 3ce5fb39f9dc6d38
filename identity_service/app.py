"""The app: its routers, its error handlers, and what starts and stops with it. No I/O until it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from fastapi.middleware import Middleware

from identity_service.accounts import deletion_routes as deletions
from identity_service.accounts import letter_routes as letters
from identity_service.accounts import routes as users
from identity_service.admin import audit_routes as admin_audit
from identity_service.admin import client_routes as admin_clients
from identity_service.admin import job_routes as admin_jobs
from identity_service.admin import key_routes as admin_keys
from identity_service.admin import permission_routes as admin_permissions
from identity_service.admin import role_routes as admin_roles
from identity_service.admin import service_routes as admin_services
from identity_service.admin import session_routes as admin_sessions
from identity_service.admin import stream_routes as admin_streams
from identity_service.admin import user_routes as admin_users
from identity_service.admin.network_layer import NetworkLayer
from identity_service.admin.networks import AdminNetworks
from identity_service.clients.models import DOCUMENTATION_CLIENT
from identity_service.consents import routes as consents
from identity_service.dependencies import SCOPE_TEXTS
from identity_service.events import routes as events
from identity_service.factor_acts import passkey_routes as passkeys
from identity_service.factor_acts import routes as factors
from identity_service.keys import routes as keys
from identity_service.metrics import build_metrics
from identity_service.oauth import documentation, metadata
from identity_service.oauth import errors as oauth_errors
from identity_service.oauth import routes as oauth
from identity_service.pages import account_routes as account_pages
from identity_service.pages import application_routes as application_pages
from identity_service.pages import authenticator_routes as authenticator_pages
from identity_service.pages import authorize_routes as authorize_pages
from identity_service.pages import consent_routes as consent_pages
from identity_service.pages import device_approval_routes as device_approval_pages
from identity_service.pages import device_routes as device_pages
from identity_service.pages import link_routes as link_pages
from identity_service.pages import logout_routes as logout_pages
from identity_service.pages import passkey_page_routes as passkey_pages
from identity_service.pages import routes as pages
from identity_service.pages import security_routes as security_pages
from identity_service.pages import sign_in_routes as sign_in_pages
from identity_service.pages import sign_on_required
from identity_service.pages import stronger_routes as stronger_pages
from identity_service.pages.admin import routers as admin_pages
from identity_service.pages.errors import ThemeRefused
from identity_service.parts import Parts, assemble
from identity_service.schema import MIGRATIONS
from identity_service.sessions import routes as sessions
from identity_service.settings import Settings
from identity_service.userinfo import routes as userinfo
from identity_service.users import hash_kinds
from watchword import service
from watchword.http.openapi import amend
from watchword.service import Link, SharedPaths, new_app, on_shutdown_signal, page_refusals
from watchword.service.process import SHUTDOWN_SECONDS, BackgroundWork

ADMIN_ROUTERS = (
    admin_keys.router,
    admin_permissions.router,
    admin_clients.router,
    admin_roles.router,
    admin_services.router,
    admin_users.router,
    admin_sessions.router,
    admin_sessions.user_router,
    admin_audit.router,
    admin_streams.router,
    admin_jobs.router,
)

ROUTERS = (
    oauth.router,
    userinfo.router,
    keys.router,
    users.router,
    letters.router,
    deletions.router,
    factors.router,
    passkeys.router,
    sessions.router,
    consents.router,
    events.router,
    events.streams_router,
    pages.router,
    link_pages.router,
    sign_in_pages.router,
    logout_pages.router,
    account_pages.router,
    security_pages.router,
    authenticator_pages.router,
    passkey_pages.router,
    device_pages.router,
    application_pages.router,
    authorize_pages.router,
    consent_pages.router,
    stronger_pages.router,
    device_approval_pages.router,
    *ADMIN_ROUTERS,
    *admin_pages.ROUTERS,
)

PUBLIC_PATHS = frozenset({metadata.SERVER, metadata.PROVIDER, keys.PATH})
"""What pages of every origin may read: it is the same for everybody."""

CLIENT_PATHS = frozenset({metadata.ENDPOINT, metadata.REVOCATION, metadata.USERINFO})
"""What the pages of clients may call: a cookie authenticates nobody there."""


def create_app(parts: Parts) -> FastAPI:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await parts.digest_keys.load()
        await parts.keyring.check()
        parts.letter_parts.check()
        forget = on_shutdown_signal(parts.on_shutdown)
        try:
            yield
        finally:
            forget()
            await _stop(parts)

    async def signing_key() -> str:
        return parts.keyring.signer().kid

    app = new_app(
        parts,
        MIGRATIONS,
        build_metrics(parts),
        title="Watchword identity",
        summary="Learns who you are and signs a token that says so.",
        routers=ROUTERS,
        layers=_layers(parts.settings),
        checks={"signing_key": signing_key},
        background=_background(parts),
        lifespan=lifespan,
        own_paths=pages.OWN_PATHS,
        shared_paths=SharedPaths(PUBLIC_PATHS, CLIENT_PATHS, parts.clients.may_call_from),
        docs_client_id=DOCUMENTATION_CLIENT,
        links=_links(parts.settings),
        scopes=SCOPE_TEXTS,
    )
    amend(app, documentation.describe_credentials)
    _install_refusals(app, parts)
    return app


async def _stop(parts: Parts) -> None:
    """Finish what this process has begun, and write what waits in it."""
    await parts.job_worker.finish(SHUTDOWN_SECONDS)
    await parts.keyring.stop()
    parts.passwords.stop()
    await parts.authentication.breach_checks.stop()
    await parts.authentication.refused_sign_ins.finish()
    await parts.client_uses.finish()
    await parts.limits.limiter.close()


def _install_refusals(app: FastAPI, parts: Parts) -> None:
    """Answer refusals as their readers expect them: OAuth clients, and people at the pages."""
    oauth_errors.install(app)
    page_refusals.install(app, pages.is_page_of_administration, parts.admin_pages.error)
    page_refusals.install(app, pages.is_page, parts.pages.error)
    sign_on_required.install(app, parts.sign_on_cookie)


def _layers(settings: Settings) -> tuple[Middleware, ...]:
    networks = AdminNetworks(settings.admin_allowed_networks, settings.admin_denied_networks)
    return (Middleware(NetworkLayer, networks),) if networks.are_limited else ()


def _background(parts: Parts) -> tuple[BackgroundWork, ...]:
    transmitter = (
        parts.listener.run,
        parts.transmitter.pusher.run,
        parts.transmitter.canary.run,
        parts.transmitter.upkeep.run,
    )
    kinds = partial(hash_kinds.watch_forever, parts.database, parts.passwords.learn)
    hashing = parts.passwords.start, kinds
    return (
        parts.keyring.run,
        parts.keyring.watch,
        *hashing,
        *transmitter,
        parts.job_worker.run,
        parts.authentication.refused_sign_ins.run,
        parts.client_uses.run,
    )


def _links(settings: Settings) -> tuple[Link, ...]:
    own = (
        Link("/sign-in", "Sign in", "For people: your account, and where you are signed in."),
        Link("/sign-up", "Make an account", "For people: the form that makes an account."),
        Link("/admin/ui", "Administration", "For administrators: accounts, sessions and the audit log."),
        Link("/.well-known/openid-configuration", "Metadata", "The endpoints, as in OpenID Connect Discovery."),
        Link("/.well-known/jwks.json", "Keys", "The public keys that verify tokens (JWKS)."),
        Link("/.well-known/ssf-configuration", "Security events", "Where services subscribe to them, as in SSF 1.0."),
    )
    if settings.posts_audience is None:
        return own
    return (*own, Link(settings.posts_audience, "Watchword posts", "Posts, which only their authors change."))


def from_environment() -> FastAPI:
    """Build the app that the server runs, with the settings of its environment."""
    return service.from_environment("identity", Settings, _build)


def _build(settings: Settings) -> FastAPI:
    try:
        return create_app(assemble(settings))
    except ThemeRefused as error:
        raise SystemExit(f"{settings.variable('pages_folder')} is wrong: {error}") from None
