"""Changes to a client that exists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from identity_service.clients.consistency import faults
from identity_service.clients.models import Client
from watchword.errors import Fault


@dataclass(frozen=True, slots=True)
class ListChange:
    """Texts to add to a list, and texts to remove from it."""

    additions: Sequence[str] = ()
    removals: Sequence[str] = ()

    def applied_to(self, present: Sequence[str]) -> list[str]:
        return [text for text in dict.fromkeys([*present, *self.additions]) if text not in self.removals]

    def faults(self, member: str, name: str, present: Sequence[str]) -> Iterator[Fault]:
        """What has no effect on the list of this member, which has these texts."""
        for text in dict.fromkeys(self.removals):
            if text in self.additions:
                yield Fault.of(member, f"the {name} {text} is both added and removed")
            elif text not in present:
                yield Fault.of(member, f"the client has no {name} {text}")


UNCHANGED: Final = ListChange()


@dataclass(frozen=True, slots=True)
class ClientChanges:
    """The members of a client that change; the others stay as they are."""

    name: str | None = None
    grants: ListChange = UNCHANGED
    redirect_uris: ListChange = UNCHANGED
    post_logout_redirect_uris: ListChange = UNCHANGED
    backchannel_logout_uri: str | None = None
    removes_backchannel_logout_uri: bool = False
    is_first_party: bool | None = None

    def applied_to(self, client: Client) -> Client:
        present_uri = None if self.removes_backchannel_logout_uri else client.backchannel_logout_uri
        return replace(
            client,
            name=client.name if self.name is None else self.name,
            grants=self.grants.applied_to(client.grants),
            redirect_uris=self.redirect_uris.applied_to(client.redirect_uris),
            post_logout_redirect_uris=self.post_logout_redirect_uris.applied_to(client.post_logout_redirect_uris),
            backchannel_logout_uri=present_uri if self.backchannel_logout_uri is None else self.backchannel_logout_uri,
            is_first_party=client.is_first_party if self.is_first_party is None else self.is_first_party,
        )

    def faults(self, client: Client) -> Iterator[Fault]:
        """What has no effect on this client."""
        yield from self.grants.faults("grants", "grant", client.grants)
        yield from self.redirect_uris.faults("redirect_uris", "redirect URI", client.redirect_uris)
        member, name = "post_logout_redirect_uris", "redirect URI after a logout"
        yield from self.post_logout_redirect_uris.faults(member, name, client.post_logout_redirect_uris)
        if self.removes_backchannel_logout_uri and self.backchannel_logout_uri is not None:
            yield Fault.of("backchannel_logout_uri", "the logout URI is both set and removed")
        elif self.removes_backchannel_logout_uri and client.backchannel_logout_uri is None:
            yield Fault.of("backchannel_logout_uri", "the client has no logout URI")


def added_faults(present: Client, changed: Client) -> list[Fault]:
    """What is wrong with the changed client and was not wrong before: what an earlier release has accepted may stay."""
    accepted = set(faults(present))
    return [fault for fault in faults(changed) if fault not in accepted]
