"""Requests about signing keys."""

from collections.abc import Mapping
from typing import Final

from tests.admin.prepared import Prepare, Prepared, nothing
from tests.support.services import Identity


async def of_the_key_that_signs(identity: Identity) -> Prepared:
    """Prepare a request about the present signing key."""
    return Prepared({"kid": identity.parts.keyring.signer().kid})


KEYS: Final[Mapping[str, Prepare]] = {
    "GET /admin/keys": nothing,
    "POST /admin/keys": nothing,
    "POST /admin/keys/seal": nothing,
    "GET /admin/keys/{kid}": of_the_key_that_signs,
    "DELETE /admin/keys/{kid}": of_the_key_that_signs,
}
