"""How long each kind of link can be used."""

from datetime import timedelta
from typing import Final

from identity_service.links.models import LinkKind

_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)

LIFETIMES: Final = {
    LinkKind.VERIFICATION: _HOUR,
    LinkKind.PASSWORD_RESET: _HOUR,
    LinkKind.ADDRESS_CHANGE: _HOUR,
    LinkKind.ADDRESS_UNDO: _WEEK,
    LinkKind.NOTICE: _WEEK,
}
