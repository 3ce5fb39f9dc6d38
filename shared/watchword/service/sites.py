"""Which origins browsers count as one site: a cookie with SameSite=Strict is sent within a site only."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

# Below these names anybody can register one, so each name below them is a site of its own. It is a small part of the
# public suffix list (publicsuffix.org). Without an entry, two sites count as one; one site never counts as two.
_SHARED_SUFFIXES: Final = re.compile(
    r"(ac|co|gov|me|org)\.uk|(com|net|org)\.au|(co|org)\.nz|(co|ne|or)\.jp|(co|or)\.kr|co\.in|co\.za"
    r"|com\.(ar|br|cn|hk|mx|sg|tr|tw)|azurewebsites\.net|cloudfront\.net|fly\.dev|git(hub|lab)\.io|herokuapp\.com"
    r"|netlify\.app|ngrok\.app|onrender\.com|pages\.dev|run\.app|vercel\.app|web\.app|workers\.dev"
)


def is_same_site(first: str, second: str) -> bool:
    """Whether these two origins have the same scheme and the same registrable domain. Ports do not count."""
    one, other = urlsplit(first), urlsplit(second)
    return one.scheme == other.scheme and _site(one.hostname or "") == _site(other.hostname or "")


def _site(host: str) -> str:
    try:
        return ip_address(host).compressed
    except ValueError:
        labels = host.rstrip(".").split(".")
        return ".".join(labels[-3 if _SHARED_SUFFIXES.fullmatch(".".join(labels[-2:])) else -2 :])
