"""The sections of the administration, in the order of the navigation."""

from typing import Final, NamedTuple

from identity_service.pages.goals import ADMINISTRATION


class Section(NamedTuple):
    """A section: the path of its first page, and the name of its text in `navigation`."""

    path: str
    name: str

    def has(self, path: str) -> bool:
        """Whether the page at this path belongs to the section."""
        return f"{path}/".startswith(f"{self.path}/")


SECTIONS: Final = tuple(
    Section(f"{ADMINISTRATION}/{name}", name)
    for name in (
        "users",
        "sessions",
        "roles",
        "clients",
        "services",
        "keys",
        "streams",
        "jobs",
        "audit",
    )
)
