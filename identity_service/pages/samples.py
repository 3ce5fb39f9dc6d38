"""The pages, each with the sections of its texts and with sample words. Each is rendered with them at the start: a page
that cannot be rendered keeps the service from starting. A template that is not here is not loaded."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from identity_service.accounts.deletions import Erasure, ServiceErasure
from identity_service.accounts.models import SignedInDevice
from identity_service.accounts.schemas import LinkProof, PasswordChange, Registration
from identity_service.consents.models import Application
from identity_service.device_grants.values import RequestingDevice
from identity_service.events.schemas import ObedienceRead, ObedientService
from identity_service.factor_acts.listing import FactorsOfUser
from identity_service.factors.models import Passkey, TotpFactor
from identity_service.links.models import LinkView
from identity_service.pages.back_link import BackLink
from identity_service.pages.forms import (
    AddressForm,
    Button,
    Choice,
    CodeForm,
    Confirmation,
    CredentialsForm,
    DeviceForm,
    FirstCode,
    NewPasskey,
    PasskeyRenaming,
    PasswordForm,
    ProfileForm,
    RenewedCodes,
)
from identity_service.pages.goals import Goal
from identity_service.pages.profile import Profile
from identity_service.pages.qr_codes import qr_code
from identity_service.pages.security_paths import SecurityPaths
from identity_service.services.models import ScopesOfService, ScopeText

_LINK: Final = LinkView("ada", "ada@example.com")
_BACK_LINK: Final = BackLink("https://posts.example/mine", "https://posts.example")
_PROFILE: Final = Profile("ada", "ada@example.com", is_verified=True, roles="user, moderator")
_PATH: Final = "/account/path-of-the-form"
_SIGN_IN: Final = {"path": _PATH, "sign_up_path": _PATH, "forgot_password_path": _PATH, "passkey_path": _PATH}
_SECOND_FACTOR: Final = {"path": _PATH, "sign_in_path": _PATH, "username": "ada", "passkey_path": _PATH}
_STRONGER: Final = {"application": "Notes", "username": "ada", "path": _PATH, "add_path": _PATH, "passkey_path": _PATH}
_PASSKEY_OPTIONS: Final = {"challenge": "AAECAw", "rpId": "id.example"}
_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BROWSER: Final = SignedInDevice(
    UUID(int=1), True, ["web"], "Mozilla/5.0 (X11; Linux) Firefox/140.0", None, _TIME, _TIME, True
)
_CLIENT: Final = SignedInDevice(UUID(int=2), False, ["web"], None, "192.0.2.7", _TIME, _TIME, False)
_ERASURE: Final = Erasure(_TIME, [ServiceErasure("posts", _TIME), ServiceErasure("feeds", None)])
_POSTS_WRITE: Final = ScopeText(
    "posts:write", "Write, change, delete and export your posts and comments, and act as a moderator if you are one"
)
_SCOPES: Final = ScopesOfService("Posts", [_POSTS_WRITE])
_OTHER_SCOPES: Final = ScopesOfService(None, [ScopeText("feeds:read", "feeds:read")])
_DEVICE: Final = RequestingDevice("WDJB-MJHT", "Notes on the television", "notes-tv/1.0", "192.0.2.7", _TIME, [_SCOPES])
_UNKNOWN_DEVICE: Final = RequestingDevice("WDJB-MJHT", "Notes", None, None, _TIME, [_OTHER_SCOPES])
_APPLICATION: Final = Application("notes", "Notes", ["posts:write"], _TIME, _TIME, None)
_APP: Final = TotpFactor(created_at=_TIME, last_used_at=None)
_PASSKEY: Final = Passkey(
    id=UUID(int=3), name="Chrome on Linux", is_backed_up=True, created_at=_TIME, last_used_at=_TIME
)
_NO_FACTORS: Final = FactorsOfUser(None, (), 0, "none")
_FACTORS: Final = FactorsOfUser(_APP, [_PASSKEY], 10, "of a sample")
_SECURITY: Final[Mapping[str, Any]] = {"paths": SecurityPaths.before(Goal()), "goal_path": _PATH}
_APP_SECRET: Final[Mapping[str, Any]] = {
    "picture": qr_code("otpauth://totp/of-a-sample"),
    "uri": "otpauth://totp/of-a-sample",
    "secret": "ABCD EFGH",
    "expires_at": _TIME,
}
_CONSENT: Final[Mapping[str, Any]] = {
    "application": "Notes",
    "host": "notes.example.com",
    "username": "ada",
    "user_id": UUID(int=1),
    "scopes": "feeds:read posts:write",
    "path": _PATH,
    "other_account_path": _PATH,
}


class Sample(NamedTuple):
    """A page: the sections of texts that it is shown with, the model of its form, and for each state of the page sample
    values of the words of its template. The words of the frame, which every page has, are not among them."""

    sections: tuple[str, ...]
    form: type[BaseModel] | None = None
    states: tuple[Mapping[str, Any], ...] = ({},)

    @property
    def words(self) -> frozenset[str]:
        """The names of the words that the page has in any state."""
        return frozenset().union(*self.states)


FRAMES: Final = ("base.html", "fields.html", "passkeys.html")
"""The templates that those of the pages use."""

PAGES: Final[Mapping[str, Sample]] = {
    "ask.html": Sample(("forgot_password", "verify_email_again"), AddressForm, ({"path": _PATH},)),
    "account.html": Sample(
        ("account",),
        ProfileForm,
        (
            {"profile": _PROFILE, "notice": None, "back": None},
            {
                "profile": _PROFILE._replace(is_verified=False, has_breached_password=True, administers=True),
                "notice": "Your names are changed",
                "back": _BACK_LINK,
            },
        ),
    ),
    "button.html": Sample(
        (
            "verify_email",
            "undo_address",
            "security_notice",
            "account_email_verification",
            "account_devices_others",
        ),
        Button,
        ({"path": _PATH, "link": _LINK},),
    ),
    # Every section of this kind, `done_…`, has the same texts.
    "done.html": Sample(("done_account-created",), None, ({"sign_in_path": None}, {"sign_in_path": _PATH})),
    "error.html": Sample(("error_page",), None, ({"error": "This did not work."},)),
    "form_post.html": Sample(
        ("form_post",), None, ({"action": "https://app.example/callback", "fields": {"code": "of-a-sample"}},)
    ),
    "device_code.html": Sample(("device_code",), DeviceForm),
    "device_approval.html": Sample(
        ("device_approval",),
        None,
        ({"device": _DEVICE, "username": "ada"}, {"device": _UNKNOWN_DEVICE, "username": "ada"}),
    ),
    "prove_password.html": Sample(("verify_email", "confirm_address"), LinkProof, ({"path": _PATH, "link": _LINK},)),
    "reset_password.html": Sample(("reset_password",), PasswordForm, ({"path": _PATH, "link": _LINK},)),
    "sign_in.html": Sample(
        ("sign_in",),
        CredentialsForm,
        (
            {**_SIGN_IN, "username": None, "application": None, "passkey_options": _PASSKEY_OPTIONS},
            {**_SIGN_IN, "username": "ada", "application": None, "passkey_options": None},
            {**_SIGN_IN, "username": None, "application": "An application", "passkey_options": _PASSKEY_OPTIONS},
        ),
    ),
    "second_factor.html": Sample(
        ("second_factor",),
        CodeForm,
        (
            {**_SECOND_FACTOR, "application": None, "passkey_options": None},
            {**_SECOND_FACTOR, "application": "An application", "passkey_options": _PASSKEY_OPTIONS},
        ),
    ),
    "sign_in_over.html": Sample(("sign_in_over",), None, ({"path": _PATH},)),
    "stronger.html": Sample(
        ("stronger",),
        Button,
        (
            {**_STRONGER, "need": "second_factor", "passkey_options": None},
            {**_STRONGER, "need": "passkey", "passkey_options": None},
            {**_STRONGER, "need": "use_passkey", "passkey_options": _PASSKEY_OPTIONS},
            {**_STRONGER, "need": "no_passkeys", "passkey_options": None},
        ),
    ),
    "sign_out.html": Sample(
        ("sign_out",), Button, ({"path": _PATH, "application": None}, {"path": _PATH, "application": "An application"})
    ),
    "sign_up.html": Sample(("sign_up",), Registration, ({"path": _PATH, "sign_in_path": _PATH},)),
    "account_delete.html": Sample(("account_delete",), Confirmation, ({"username": "ada"},)),
    "account_deleted.html": Sample(
        ("account_deleted",), None, ({"erasure": _ERASURE}, {"erasure": Erasure(_TIME, [])})
    ),
    "account_devices.html": Sample(
        ("account_devices",), None, ({"devices": [_BROWSER]}, {"devices": [_BROWSER, _CLIENT]})
    ),
    "account_email.html": Sample(
        ("account_email",),
        AddressForm,
        ({"email": "ada@example.com", "is_verified": True}, {"email": "ada@example.com", "is_verified": False}),
    ),
    "account_ended.html": Sample(
        ("account_ended", "account_application_ended"),
        None,
        (
            {"obedience": ObedienceRead([], []), "back_path": _PATH},
            {"obedience": ObedienceRead([ObedientService("posts", 38)], ["feeds"]), "back_path": _PATH},
        ),
    ),
    "account_security.html": Sample(
        ("account_security",),
        None,
        (
            {**_SECURITY, "factors": _NO_FACTORS, "passkeys_available": False, "must_add": True, "notice": None},
            {**_SECURITY, "factors": _NO_FACTORS, "passkeys_available": True, "must_add": True, "notice": None},
            {**_SECURITY, "factors": _FACTORS, "passkeys_available": True, "must_add": False, "notice": "It is added"},
        ),
    ),
    "account_security_app.html": Sample(
        ("account_security_app",), Button, ({**_SECURITY, "has_app": False}, {**_SECURITY, "has_app": True})
    ),
    "account_security_code.html": Sample(("account_security_code",), FirstCode, ({**_SECURITY, **_APP_SECRET},)),
    "account_security_codes.html": Sample(
        ("account_security_codes",),
        RenewedCodes,
        (
            {**_SECURITY, "count": 0, "version": "none", "has_changed": True},
            {**_SECURITY, "count": 10, "version": "of a sample", "has_changed": False},
        ),
    ),
    "account_security_made.html": Sample(
        ("account_security_made",),
        None,
        (
            {**_SECURITY, "codes": ["abcd-efgh-jkmn-pqrs"], "added": None},
            {**_SECURITY, "codes": ["abcd-efgh-jkmn-pqrs"], "added": "app_added"},
            {**_SECURITY, "codes": ["abcd-efgh-jkmn-pqrs"], "added": "passkey_added"},
        ),
    ),
    "account_security_removal.html": Sample(
        ("account_security_app_removal", "account_passkey_removal"),
        Button,
        (
            {**_SECURITY, "path": _PATH, "passkey": "A phone", "is_last": False},
            {**_SECURITY, "path": _PATH, "passkey": "A phone", "is_last": True},
        ),
    ),
    "account_passkeys.html": Sample(
        ("account_passkeys",),
        NewPasskey,
        (
            {**_SECURITY, "entries": [], "options": {"challenge": "of a sample"}},
            {**_SECURITY, "entries": [(_PASSKEY, _PATH, _PATH)], "options": None},
        ),
    ),
    "account_passkey.html": Sample(("account_passkey",), PasskeyRenaming, ({**_SECURITY, "path": _PATH},)),
    "account_applications.html": Sample(
        ("account_applications",),
        None,
        (
            {"applications": [], "scope_texts": {}},
            {"applications": [_APPLICATION], "scope_texts": dict([_POSTS_WRITE])},
        ),
    ),
    "consent.html": Sample(
        ("consent",),
        Choice,
        (
            {**_CONSENT, "requested": [_SCOPES, _OTHER_SCOPES], "present": []},
            {**_CONSENT, "requested": [_OTHER_SCOPES], "present": [_SCOPES], "host": None},
        ),
    ),
    "account_password.html": Sample(("account_password",), PasswordChange, ({"username": "ada", "path": _PATH},)),
}
"""The pages by the names of their templates."""
