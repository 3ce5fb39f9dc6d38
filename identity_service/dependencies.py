"""What a route may take as a parameter: the parts of the process, and what is read from the request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, ClassVar, Final

from fastapi import Depends, Header, Query, Request, Response
from fastapi.requests import HTTPConnection

from identity_service.accounts.schemas import LinkProof, PasswordChange, Registration
from identity_service.accounts.service import Accounts
from identity_service.clients.scopes import SCOPE_TEXTS as SCOPE_TEXTS
from identity_service.clients.scopes import Scope as Scope
from identity_service.consents.service import Consents
from identity_service.devices import Device
from identity_service.errors import (
    FirstPartyRequired,
    FreshSignOnRequired,
    MustAddSecondFactor,
    NetworkNotAllowed,
    OwnPasswordRequired,
    SessionEnded,
    SignOnRequired,
)
from identity_service.events.schemas import ObedienceRead
from identity_service.factor_acts.passkey_acts import PasskeyActs
from identity_service.factor_acts.values import Owner
from identity_service.oauth.request import OAuthRequest, read_form
from identity_service.obedience.models import Act
from identity_service.obedience.preference import wait_seconds
from identity_service.obedience.service import Obedience
from identity_service.pages.consent import ConsentPage
from identity_service.pages.forms import (
    AddressForm,
    AnyModel,
    Button,
    Choice,
    CodeForm,
    Confirmation,
    CredentialsForm,
    DeviceForm,
    Ending,
    FirstCode,
    Form,
    NewPasskey,
    PasskeyForm,
    PasskeyRenaming,
    PasswordForm,
    ProfileForm,
    RenewedCodes,
    TakingBack,
    ensure_own,
    read,
)
from identity_service.pages.goals import CHANGE_PASSWORD, Goal, is_of_security
from identity_service.pages.logout import SignOut
from identity_service.pages.passkey_sign_in import PasskeySignInPage
from identity_service.pages.rendering import Pages
from identity_service.pages.second_factor import SecondFactorPage
from identity_service.pages.sign_in import SignInPage
from identity_service.parts import Parts
from identity_service.recording.cause import Cause
from identity_service.roles.permissions import ADMINISTER
from identity_service.sessions.service import Sessions
from identity_service.sign_ons.values import FRESH_FOR, LiveSignOn
from watchword.auth import Guard, NotPermitted, Principal, requires
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import AppError, PreconditionRequired
from watchword.http import Preconditions
from watchword.service import part
from watchword.service.callers import caller_address
from watchword.service.middleware import is_head
from watchword.service.networks import address_to_count

_MAX_DEVICE_CHARACTERS: Final = 200


class SessionGuard(Guard):
    """Checks the token, and in the database that its session is live and its user active."""

    further_refusals: ClassVar[tuple[type[AppError], ...]] = (SessionEnded, NotPermitted, DatabaseUnavailable)

    async def ensure(self, request: HTTPConnection, principal: Principal) -> None:
        await super().ensure(request, principal)
        sessions = (await _parts(request)).live_sessions
        await sessions.ensure_live(principal)


class AdministratorGuard(SessionGuard):
    """The guard of what is served at `/admin`, where a layer of the app refuses callers of other networks."""

    further_refusals = (*SessionGuard.further_refusals, NetworkNotAllowed)


ADMINISTRATOR: Final = AdministratorGuard(Scope.ADMIN, permission=ADMINISTER)
"""The guard of the administration: the scope says that the client may act for an administrator, and the permission that
the person is one. One object, so that it is called once in a request."""

fresh_sign_in: Final = requires(max_age=int(FRESH_FOR.total_seconds()))
FRESH_SIGN_IN: Final = Depends(fresh_sign_in)
"""For acts that nobody may do at a screen that was left alone: the person has signed in a short time ago (RFC 9470)."""


async def _parts(request: HTTPConnection) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


class PreferredWait:
    """How the caller of an act wants it answered: at once, or with which services obey it (RFC 7240)."""

    def __init__(self, seconds: int | None, obedience: Obedience, response: Response) -> None:
        self._seconds = seconds
        self._obedience = obedience
        self._response = response

    async def answer(self, act: Act | None) -> ObedienceRead | None:
        """The body of the answer, whose status is 200 if it has one. None if the caller does not want to wait."""
        if self._seconds is None:
            return None
        self._response.status_code = 200
        self._response.headers["Preference-Applied"] = f"wait={self._seconds}"
        return await self._obedience.wait(act, self._seconds)


async def _preferred_wait(request: Request, response: Response) -> PreferredWait:
    seconds = wait_seconds(request.headers.getlist("prefer"))
    return PreferredWait(seconds, (await _parts(request)).obedience, response)


async def _owner(request: Request, caller: "SignedIn") -> Owner:
    """Raises FirstPartyRequired: an application that adds a factor can sign in with it, and do more from then on than
    the person has allowed it."""
    client = await (await _parts(request)).clients.find(caller.client_id)
    if client is None or not client.is_first_party:
        raise FirstPartyRequired(f"{caller.client_id} is an application of others")
    return Owner(caller.person_id(), session_id=caller.own_session_id())


async def _administrator_cause(administrator: "Administrator") -> Cause:
    return Cause(str(administrator.person_id()), "admin", "an act of an administrator")


async def _read_conditions(request: Request) -> Preconditions:
    return Preconditions.of_request(request)


async def _audit_exporter(administrator: "Administrator", request: Request) -> AsyncIterator[Principal]:
    """The caller, in one of the process's slots for as long as the answer lasts."""
    with (await _parts(request)).admin.audit_export.slot():
        yield administrator


async def _is_head(request: Request) -> bool:
    return is_head(request.scope)


async def _change_conditions(
    request: Request,
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="Act only on this version (its `ETag`), or on any (`*`)")
    ] = None,
) -> Preconditions:
    """The preconditions of the request. The parameter is for the OpenAPI document and sees one line of the field."""
    return Preconditions.of_request(request)


async def _required_conditions(conditions: Annotated[Preconditions, Depends(_change_conditions)]) -> Preconditions:
    """Raises PreconditionRequired (RFC 6585 section 3) if there is no If-Match."""
    if conditions.if_match is None:
        raise PreconditionRequired
    return conditions


async def _address(request: Request) -> str:
    """The caller's address. Hashes that the request costs are counted as this address's, or its network's for IPv6,
    and take its turn."""
    address = request.client.host if request.client is not None else ""
    caller_address.set(address_to_count(address))
    return address


async def _device(request: Request) -> Device:
    description = request.headers.get("user-agent", "").replace("\x00", "")[:_MAX_DEVICE_CHARACTERS]
    return Device(description or None, await _address(request) or None)


async def _sign_on(request: Request) -> LiveSignOn:
    """The sign-on of the browser. Raises SignOnRequired."""
    parts = await _parts(request)
    sign_on = await parts.sign_ons.find(parts.sign_on_cookie.read(request))
    if sign_on is None:
        raise SignOnRequired("no live sign-on")
    path = request.url.path
    if sign_on.must_change_password and path != CHANGE_PASSWORD:
        raise OwnPasswordRequired("the initial password must be changed first")
    if sign_on.must_add_second_factor and not sign_on.must_change_password and not is_of_security(path):
        raise MustAddSecondFactor("a second factor must be added first")
    return sign_on


SignOnDep = Annotated[LiveSignOn, Depends(_sign_on)]
"""The guard of a page of the account: the sign-on of this browser. People without one are led to /sign-in, those with
an initial password to the page that changes it, and those who lack a second factor that a role of theirs requires to
the page where they add one."""


async def _fresh_sign_on(request: Request, sign_on: SignOnDep) -> LiveSignOn:
    if not sign_on.is_fresh((await _parts(request)).clock.now()):
        raise FreshSignOnRequired("authenticated too long ago")
    return sign_on


FreshSignOnDep = Annotated[LiveSignOn, Depends(_fresh_sign_on)]
"""The guard of a page that changes something important: the sign-on of a person who was authenticated a short time ago.
Others are asked for the password again."""


async def _goal(return_path: Annotated[str, Query(alias="return")] = "", fresh: bool = False) -> Goal:
    return Goal.of(return_path, needs_fresh=fresh)


async def _oauth_request(request: Request) -> OAuthRequest:
    return OAuthRequest(await read_form(request), request.headers.getlist("authorization"), await _device(request))


def _form(model: type[AnyModel]) -> Callable[[Request], Awaitable[Form[AnyModel]]]:
    """The dependency that reads a form of this model, which a page of ours must have sent."""

    async def form(request: Request) -> Form[AnyModel]:
        ensure_own(request, (await _parts(request)).pages.origin)
        return await read(request, model)

    return form


async def _ensure_our_form(request: Request) -> None:
    if request.method == "POST":
        ensure_own(request, (await _parts(request)).pages.origin)


PartsDep = Annotated[Parts, Depends(_parts)]
AccountsDep = Annotated[Accounts, Depends(part("accounts"))]
ConsentsDep = Annotated[Consents, Depends(part("consents"))]
OwnerDep = Annotated[Owner, Depends(_owner)]
"""Who changes the factors of their account over the API."""

PasskeyActsDep = Annotated[PasskeyActs, Depends(part("factors.passkeys"))]
SessionsDep = Annotated[Sessions, Depends(part("sessions"))]
PreferredWaitDep = Annotated[PreferredWait, Depends(_preferred_wait)]
AdminCause = Annotated[Cause, Depends(_administrator_cause)]
ReadConditions = Annotated[Preconditions, Depends(_read_conditions)]
AuditExporter = Annotated[Principal, Depends(_audit_exporter)]
IsHead = Annotated[bool, Depends(_is_head)]
"""Whether only the header fields of the answer are sent."""
ChangeConditions = Annotated[Preconditions, Depends(_required_conditions)]
"""The preconditions of a change that could undo somebody else's: If-Match is required."""
DeletionConditions = Annotated[Preconditions, Depends(_change_conditions)]
"""The preconditions of a deletion: If-Match may be left out."""
AddressDep = Annotated[str, Depends(_address)]
PagesDep = Annotated[Pages, Depends(part("pages"))]
SignUpForm = Annotated[Form[Registration], Depends(_form(Registration))]
EmailForm = Annotated[Form[AddressForm], Depends(_form(AddressForm))]
NewPasswordForm = Annotated[Form[PasswordForm], Depends(_form(PasswordForm))]
ProofForm = Annotated[Form[LinkProof], Depends(_form(LinkProof))]
SignInPageForm = Annotated[Form[CredentialsForm], Depends(_form(CredentialsForm))]
PasskeyPageForm = Annotated[Form[PasskeyForm], Depends(_form(PasskeyForm))]
SecondFactorForm = Annotated[Form[CodeForm], Depends(_form(CodeForm))]
ProfilePageForm = Annotated[Form[ProfileForm], Depends(_form(ProfileForm))]
PasswordChangeForm = Annotated[Form[PasswordChange], Depends(_form(PasswordChange))]
EndingForm = Annotated[Form[Ending], Depends(_form(Ending))]
ChoiceForm = Annotated[Form[Choice], Depends(_form(Choice))]
TakingBackForm = Annotated[Form[TakingBack], Depends(_form(TakingBack))]
DevicePageForm = Annotated[Form[DeviceForm], Depends(_form(DeviceForm))]
ConfirmationPageForm = Annotated[Form[Confirmation], Depends(_form(Confirmation))]
FirstCodeForm = Annotated[Form[FirstCode], Depends(_form(FirstCode))]
RecoveryCodesForm = Annotated[Form[RenewedCodes], Depends(_form(RenewedCodes))]
NewPasskeyForm = Annotated[Form[NewPasskey], Depends(_form(NewPasskey))]
PasskeyNameForm = Annotated[Form[PasskeyRenaming], Depends(_form(PasskeyRenaming))]
ConsentPageDep = Annotated[ConsentPage, Depends(part("consent_page"))]
SignOutDep = Annotated[SignOut, Depends(part("sign_out"))]
SignInPageDep = Annotated[SignInPage, Depends(part("sign_in_pages.password"))]
PasskeySignInPageDep = Annotated[PasskeySignInPage, Depends(part("sign_in_pages.passkey"))]
SecondFactorPageDep = Annotated[SecondFactorPage, Depends(part("sign_in_pages.second_factor"))]
GoalDep = Annotated[Goal, Depends(_goal)]
ButtonForm = Annotated[Form[Button], Depends(_form(Button))]
DeviceDep = Annotated[Device, Depends(_device)]
OAuthRequestDep = Annotated[OAuthRequest, Depends(_oauth_request)]
SignedIn = Annotated[Principal, Depends(SessionGuard(Scope.ACCOUNT))]
Administrator = Annotated[Principal, Depends(ADMINISTRATOR)]
OpenIdCaller = Annotated[Principal, Depends(SessionGuard(Scope.OPENID))]

FromAddress = Depends(_address)
"""Counts the hashes of a request as its caller's, for routes that take no AddressDep and no DeviceDep."""

OurForms = Depends(_ensure_our_form)
"""Refuses forms that no page of ours has sent, with ForeignForm, before anything else is asked of the caller."""
