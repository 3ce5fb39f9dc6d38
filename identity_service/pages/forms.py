"""Forms: reading one that a page of ours has sent, and what is wrong with what a person typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError

from identity_service.accounts.schemas import Email, FullName, Password, Username
from identity_service.authentication.password import MAX_LOGIN_CHARACTERS
from identity_service.factor_acts.passkey_schemas import PasskeyName
from identity_service.pages.errors import ConfirmationWrong, ForeignForm, FormMalformed
from watchword.errors import AppError, Fault, Faulty, Invalid, TooLarge
from watchword.http.fields import Body, Text

MAX_FORM_BYTES: Final = 16_384
_MAX_FIELDS: Final = 32
_MAX_FIELDS_WITH_CHOICES: Final = 500
_FORM: Final = "application/x-www-form-urlencoded"
_OUR_PAGES: Final = frozenset({"same-origin", "none"})

AnyModel = TypeVar("AnyModel", bound=BaseModel)

CHOICES: Final = "choices"
"""Marks a list of which a form has one field for each choice that is made: `Annotated[list[Text], CHOICES]`."""


class AddressForm(Body):
    email: Email


class PasswordForm(Body):
    new_password: Password


class CredentialsForm(Body):
    """`login` is a username or an e-mail address; a person who is signed on gives the password alone. No length is
    checked here: what is too long is refused like any wrong name or password."""

    login: Text | None = None
    password: Text


class CodeForm(Body):
    """A code of an authenticator app, or a recovery code."""

    code: Annotated[Text, Field(max_length=100)]


PASSKEY_FIELD: Final = "passkey"
"""What the flaws of a passkey are about: the form that asks for it."""


class PasskeyForm(Body):
    """What an authenticator has answered, as JSON."""

    credential: Text


class ProfileForm(Body):
    """An empty full name is none."""

    username: Username
    full_name: FullName | None = None


class Confirmation(Body):
    """What a person types who means it: their username."""

    confirmation: Annotated[Text, Field(max_length=MAX_LOGIN_CHARACTERS)]

    def ensure_is(self, username: str) -> None:
        """Raise ConfirmationWrong unless this username was typed, in upper or lower case."""
        if self.confirmation.strip().lower() != username.lower():
            raise ConfirmationWrong


class Ending(Body):
    """The sign-on or session that is to end."""

    id: UUID


class DeviceForm(Body):
    """The code that a device shows; and, once they have seen who asks, the person's choice and their username."""

    user_code: Text
    choice: Literal["allow", "deny"] | None = None
    username: Text | None = None


class FirstCode(Body):
    """The code that an authenticator app shows first. No form is checked here: what is none is a wrong code."""

    first_code: Text


class RenewedCodes(Body):
    """`version` is that of the recovery codes of which the page spoke."""

    version: Text


class PasskeyRenaming(Body):
    passkey_name: PasskeyName


class NewPasskey(Body):
    """What an authenticator has answered, as JSON, and how its owner calls it. No form is checked here: what is none
    is refused like any answer that proves nothing."""

    credential: Text = ""
    passkey_name: PasskeyName | None = None


class Button(Body):
    """A form with nothing but its button."""


class TakingBack(Body):
    """The client whose access is taken back."""

    client_id: Text


class Choice(Body):
    """What a person chooses on the page that asks for consent; `user` and `scopes` are those that the page showed."""

    choice: Literal["allow", "deny"]
    user: UUID
    scopes: Text


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a field: a code, for the texts, and advice of the use case, if it has some."""

    field: str
    code: str
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class Form(Generic[AnyModel]):
    """What a person typed. `model` is None if there are flaws; `values` are shown again, without passwords, and so are
    the `choices` of fields that are lists."""

    values: Mapping[str, str] = field(default_factory=dict)
    model: AnyModel | None = None
    flaws: Sequence[Flaw] = ()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def with_flaw(self, name: str, error: AppError) -> "Form[AnyModel]":
        """The same form, with what a use case has refused about the field of this name."""
        advice = error.advice if isinstance(error, Invalid) else None
        return Form(self.values, None, (Flaw(name, error.code, advice),), self.choices)

    def with_faults(self, error: Invalid) -> "Form[AnyModel]":
        """The same form, with what a use case has refused about its fields. The error names them as members of the body
        that the API takes, which have the names of the fields."""
        faults = error.faults if isinstance(error, Faulty) else (Fault(error.pointer, error.code, error.advice),)
        by_field: dict[str, list[Fault]] = {}
        for fault in faults:
            by_field.setdefault(fault.pointer.split("/")[2], []).append(fault)
        flaws = [
            Flaw(name, about[0].code, "; ".join(fault.detail for fault in about)) for name, about in by_field.items()
        ]
        return Form(self.values, None, flaws, self.choices)


NOTHING: Final[Form[Any]] = Form()
"""A form that nobody has filled in."""


def ensure_own(request: Request, origin: str) -> None:
    """Raise ForeignForm unless the browser says that a page of this origin has sent the form.

    `same-site` is refused: other ports and subdomains are of the same site.
    """
    if (origins := request.headers.getlist("origin")) != [origin]:
        raise ForeignForm(f"origin {origins[:2]}")
    sites = request.headers.getlist("sec-fetch-site")
    if len(sites) > 1 or not _OUR_PAGES.issuperset(sites):
        raise ForeignForm(f"sec-fetch-site {sites[:2]}")


async def read(request: Request, model: type[AnyModel]) -> Form[AnyModel]:
    """The fields of the body, judged by the model. An empty field counts as absent.

    Raises FormMalformed, also for a field that is repeated or that the form does not have; TooLarge.
    """
    return parse(await text_of(request), model)


def parse(text: str, model: type[AnyModel]) -> Form[AnyModel]:
    """The fields of a form that is encoded as in this text, judged by the model. Raises FormMalformed."""
    fields, choices = _fields(text, model)
    typed = {name: value for name, value in fields.items() if value}
    shown = {name: value for name, value in typed.items() if "password" not in name}
    try:
        return Form(shown, model.model_validate(typed | choices), choices=choices)
    except ValidationError as error:
        flaws = {str(item["loc"][0]): item["type"] for item in reversed(error.errors()) if item["loc"]}
        in_order = [Flaw(name, flaws[name]) for name in model.model_fields if name in flaws]
        return Form(shown, None, in_order, choices)


def query_of(request: Request) -> str:
    """The query as it was sent; bytes that are not ASCII are characters of ISO 8859-1."""
    return str(request.scope["query_string"], "latin-1")


async def text_of(request: Request) -> str:
    """The form-encoded body. Raises FormMalformed, TooLarge."""
    types = request.headers.getlist("content-type")
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() != _FORM:
        raise FormMalformed("not form encoded")
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        raise TooLarge(f"a form of {len(body)} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise FormMalformed("not UTF-8") from None


def _fields(text: str, model: type[BaseModel]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The fields that the form has once, and the choices of those that it has once for each."""
    lists = {name for name, one in model.model_fields.items() if CHOICES in one.metadata}
    most = _MAX_FIELDS_WITH_CHOICES if lists else _MAX_FIELDS
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=most, errors="strict")
    except ValueError:
        raise FormMalformed("not UTF-8, or too many fields") from None
    choices = {name: [value for key, value in pairs if key == name and value] for name in lists}
    singles = [(name, value) for name, value in pairs if name not in lists]
    fields = dict(singles)
    if len(fields) != len(singles):
        raise FormMalformed("a field is repeated")
    if unknown := fields.keys() - model.model_fields.keys():
        raise FormMalformed(f"{len(unknown)} unknown fields")
    return fields, choices
