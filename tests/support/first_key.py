"""The first signing key of an installation, generated once in a run because that takes a tenth of a second."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from identity_service.keys import generation, repository
from identity_service.keys.models import SigningKey
from identity_service.parts import Parts
from watchword.auth.public_key import PublicKey


async def ensure_first_key(parts: Parts) -> None:
    """Insert the row that `install` would make, with the same key each time, unless there is a key already."""
    private, public = _generated()
    now = parts.clock.now()
    signs_until = now + parts.schedule.signing
    async with parts.database.begin() as db:
        if not await repository.all_keys(db):
            db.add(
                SigningKey(
                    kid=public.kid,
                    sealed_private_key=parts.sealer.seal(public.kid, private),
                    n=public.n,
                    e=public.e,
                    published_at=now,
                    signs_from=now,
                    signs_until=signs_until,
                    withdrawn_at=signs_until + parts.schedule.longest_token,
                )
            )


@cache
def _generated() -> tuple[RSAPrivateKey, PublicKey]:
    return generation.generate()
