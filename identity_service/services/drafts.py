"""A service to be made, and what is wrong with it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from identity_service.services.models import audience_fault, is_word
from watchword.characters import has_visible
from watchword.errors import Fault


@dataclass(frozen=True, slots=True)
class Directory:
    """Every audience, and the audience of every scope and of every permission."""

    audiences: Collection[str]
    audience_by_scope: Mapping[str, str]
    audience_by_permission: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ServiceDraft:
    """A service to be made, with the texts of its scopes and permissions. `client_id` is its own client."""

    audience: str
    name: str
    client_id: str | None = None
    scopes: Mapping[str, str] = field(default_factory=dict)
    permissions: Mapping[str, str] = field(default_factory=dict)

    def faults(self, directory: Directory) -> list[Fault]:
        """Everything that is wrong with the draft."""
        return [
            *self._own_faults(directory),
            *self._word_faults("scope", self.scopes, directory.audience_by_scope),
            *self._word_faults("permission", self.permissions, directory.audience_by_permission),
        ]

    def _own_faults(self, directory: Directory) -> Iterable[Fault]:
        # An earlier release took any text as an audience, and tokens for it are valid.
        if self.audience not in directory.audiences and (fault := audience_fault(self.audience)) is not None:
            yield Fault.of("audience", f"{self.audience} is no audience: {fault}")
        if not has_visible(self.name):
            yield Fault.of("name", "a service needs a name")

    def _word_faults(self, kind: str, texts: Mapping[str, str], owners: Mapping[str, str]) -> Iterable[Fault]:
        for index, (word, text) in enumerate(texts.items()):
            place = f"{kind}s/{index}"
            if not is_word(word):
                fault = f"{word!r} is no {kind}: it has 1 to 200 visible ASCII characters, no quote and no backslash"
                yield Fault.of(f"{place}/{kind}", fault)
            elif owners.get(word, self.audience) != self.audience:
                yield Fault.of(f"{place}/{kind}", f"the {kind} {word} belongs to {owners[word]}")
            if not has_visible(text):
                yield Fault.of(f"{place}/description", f"the {kind} {word} needs a text that says what it allows")
