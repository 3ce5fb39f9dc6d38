"""The settings of networks from which people may administer."""

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Annotated, Any, Final

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from watchword.service import ServiceSettings, split_by_commas
from watchword.service.networks import networks

Network = IPv4Network | IPv6Network

_EVERYWHERE: Final = "0.0.0.0/0", "::/0"


class NetworkSettings(ServiceSettings):
    admin_allowed_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Networks or addresses from which alone administrators may use `/admin`, separated by commas;"
        " empty: from everywhere",
    )
    admin_denied_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Networks or addresses from which nobody may use `/admin`, separated by commas, even if they are"
        " in `IDENTITY_ADMIN_ALLOWED_NETWORKS`",
    )

    @field_validator("admin_allowed_networks", "admin_denied_networks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        parts = split_by_commas(value)
        # Commas alone, such as from two empty variables, would open what somebody meant to close.
        if value and not parts:
            raise ValueError("it must be networks, or empty")
        return parts

    @field_validator("admin_allowed_networks")
    @classmethod
    def _are_some_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return networks(value, "all addresses are allowed if nothing is written: leave it out")

    @field_validator("admin_denied_networks")
    @classmethod
    def _lets_somebody_in(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        denied = networks(value, "nobody could administer: write the networks that are to be denied")
        # An allowed list that was refused is not in `data`.
        allowed = info.data.get("admin_allowed_networks")
        if denied and allowed is not None and _holds_all(denied, allowed or _EVERYWHERE):
            variable = cls.variable("admin_allowed_networks")
            raise ValueError(f"nobody could administer: it holds everything that {variable} allows")
        return denied


def _holds_all(outer: tuple[str, ...], inner: tuple[str, ...]) -> bool:
    """Whether every address of the networks `inner` is in a network of `outer`."""
    parsed = [ip_network(text) for text in outer]
    # Two halves become one network: what they hold together, a single one holds.
    whole: list[Network] = [
        *collapse_addresses(network for network in parsed if isinstance(network, IPv4Network)),
        *collapse_addresses(network for network in parsed if isinstance(network, IPv6Network)),
    ]
    return all(any(_is_within(ip_network(text), network) for network in whole) for text in inner)


def _is_within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)
