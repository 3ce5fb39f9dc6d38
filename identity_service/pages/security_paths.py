"""The paths of the pages about what a person signs in with beside the password."""

from typing import Final, NamedTuple, Self

from identity_service.pages.goals import SECURITY, Goal

APP: Final = f"{SECURITY}/authenticator"
RECOVERY_CODES: Final = f"{SECURITY}/recovery-codes"
PASSKEYS: Final = f"{SECURITY}/passkeys"


class SecurityPaths(NamedTuple):
    """The paths of these pages, each of which leads on to the goal of the person."""

    overview: str
    app: str
    code: str
    app_removal: str
    recovery_codes: str
    passkeys: str

    @classmethod
    def before(cls, goal: Goal) -> Self:
        pages = SECURITY, APP, f"{APP}/code", f"{APP}/removal", RECOVERY_CODES, PASSKEYS
        return cls(*(goal.path_before(page) for page in pages))

    def with_notice(self, done: str) -> str:
        """The path of the overview, which says what was done."""
        return f"{self.overview}{'&' if '?' in self.overview else '?'}done={done}"
