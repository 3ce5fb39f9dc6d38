"""What a page asks of a sign-in: where the person comes back to, how recent it must be, by what means, and whether the
person makes an account first."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple, Self
from urllib.parse import quote, urlencode

from watchword.arguments import TEN_YEARS_SECONDS
from watchword.pages.errors import DemandRefused
from watchword.pages.return_path import FRONT_PAGE, ensure_own_path

START: Final = "/auth/start"
PARAMETERS: Final = ("return", "max_age", "acr_values", "prompt")
CREATE: Final = "create"
MAX_ACR_CHARACTERS: Final = 200
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
# As the challenge can name them: texts that need no escape between its quotes.
_ACR_VALUES: Final = re.compile(r"[!#-\[\]-~]+(?: [!#-\[\]-~]+)*")


class SignInRequest(NamedTuple):
    """`max_age`, in seconds, and `acr_values` are those of an authorization request (OpenID Connect Core section
    3.1.2.1), and what a challenge of RFC 9470 asks for. `prompt` is CREATE if the person is to make an account first
    (Initiating User Registration via OpenID Connect 1.0)."""

    return_path: str = FRONT_PAGE
    max_age: int | None = None
    acr_values: str | None = None
    prompt: str | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """The request that these parameters of `/auth/start` make. Raises ReturnRefused or DemandRefused."""
        ensure_own_path(path := parameters.get("return", FRONT_PAGE))
        max_age, acr_values = _max_age(parameters.get("max_age")), _acr_values(parameters.get("acr_values"))
        return cls(path, max_age, acr_values, _prompt(parameters.get("prompt")))

    @property
    def asks_for_more(self) -> bool:
        """Whether the sign-in must be recent, or by certain means, of the person who is signed in. With
        `prompt=create`, another person may come back."""
        return self.prompt != CREATE and (self.max_age is not None or self.acr_values is not None)

    @property
    def demands(self) -> dict[str, str]:
        """The parameters for the issuer, without those that the page does not name."""
        demands = {"max_age": self.max_age, "acr_values": self.acr_values, "prompt": self.prompt}
        return {name: str(value) for name, value in demands.items() if value is not None}

    @property
    def link(self) -> str:
        """The path at which the person begins this sign-in once more."""
        return f"{START}?{urlencode({'return': self.return_path, **self.demands}, safe='/', quote_via=quote)}"


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if _SECONDS.fullmatch(text) is None or int(text) > TEN_YEARS_SECONDS:
        raise DemandRefused(f"max_age is no whole number of seconds, or more than {TEN_YEARS_SECONDS}")
    return int(text)


def _acr_values(text: str | None) -> str | None:
    if text is not None and (len(text) > MAX_ACR_CHARACTERS or _ACR_VALUES.fullmatch(text) is None):
        raise DemandRefused(f"acr_values are no list of names, or longer than {MAX_ACR_CHARACTERS} characters")
    return text


def _prompt(text: str | None) -> str | None:
    """No page asks for another one: `none` would sign nobody in who is not signed on, and what other prompts are for is
    the issuer's to decide, or said by `max_age`."""
    if text not in (None, CREATE):
        raise DemandRefused(f"prompt is not {CREATE}")
    return text
