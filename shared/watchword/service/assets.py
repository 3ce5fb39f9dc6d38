"""Static files that a browser may keep for ever: the name that each is served by has a digest of its content."""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final, Self

from fastapi import Request, Response

from watchword.errors import NotFound
from watchword.http.weights import weights

_DIGEST_DIGITS: Final = 16
_POLICY: Final = {"Content-Security-Policy": "default-src 'none'"}
_FOR_EVER: Final = {**_POLICY, "Cache-Control": "public, max-age=31536000, immutable"}
_ONCE: Final = {**_POLICY, "Cache-Control": "no-store"}
_SERVED_NAME: Final = re.compile(rf"(.+)\.[0-9a-f]{{{_DIGEST_DIGITS}}}\.([a-z0-9]+)")
_GZIP: Final = ("gzip", "x-gzip")


@dataclass(frozen=True)
class Asset:
    """A file. `name` is the last part of the path that it is served at."""

    name: str
    content: bytes
    media_type: str

    @classmethod
    def of(cls, name: str, content: bytes, media_type: str) -> Self:
        """The asset of a file with this name: `styles.css` is served as `styles.0123456789abcdef.css`."""
        stem, _, suffix = name.rpartition(".")
        return cls(f"{stem}.{sha256(content).hexdigest()[:_DIGEST_DIGITS]}.{suffix}", content, media_type)

    @property
    def path(self) -> str:
        return f"/assets/{self.name}"

    @property
    def is_text(self) -> bool:
        """Whether the content is a text, which gzip makes much smaller."""
        kind = self.media_type.partition(";")[0].strip().lower()
        return kind.startswith("text/") or kind.endswith(("json", "xml"))

    # Compressed at the first request: many processes never serve a page.
    @cached_property
    def gzipped(self) -> bytes:
        """The content as gzip, the same bytes in every process of one installation."""
        return gzip.compress(self.content, mtime=0)


def asset_answer(request: Request, assets: Mapping[str, Asset], name: str) -> Response:
    """The answer to a request for the asset that is served by this name, compressed if the client takes gzip.

    A page of another release, whose processes run beside this one while they are replaced, asks for a file with another
    digest: it gets the present one, which the browser does not keep. Raises NotFound if there is no file of that name.
    """
    asset, fields = assets.get(name), _FOR_EVER
    if asset is None:
        asset, fields = _present(assets, name), _ONCE
    if not asset.is_text:
        return Response(asset.content, headers=fields, media_type=asset.media_type)
    fields = {**fields, "Vary": "Accept-Encoding"}
    if not prefers_gzip(",".join(request.headers.getlist("accept-encoding"))):
        return Response(asset.content, headers=fields, media_type=asset.media_type)
    return Response(asset.gzipped, headers={**fields, "Content-Encoding": "gzip"}, media_type=asset.media_type)


def _present(assets: Mapping[str, Asset], name: str) -> Asset:
    """The asset whose name differs from this one by its digest alone. Raises NotFound."""
    if (served := _SERVED_NAME.fullmatch(name)) is not None:
        for asset in assets.values():
            other = _SERVED_NAME.fullmatch(asset.name)
            if other is not None and other.groups() == served.groups():
                return asset
    raise NotFound("no such asset")


def prefers_gzip(accept_encoding: str) -> bool:
    """Whether the field Accept-Encoding takes gzip, and does not prefer the content as it is (RFC 9110 section 12.5.3).
    Without the field it is False: every client can read the content as it is."""
    codings = dict(weights(accept_encoding))
    gzip_weight = max((codings[name] for name in _GZIP if name in codings), default=codings.get("*", 0.0))
    return gzip_weight > 0 and gzip_weight >= codings.get("identity", 0.0)
