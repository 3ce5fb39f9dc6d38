"""Limits of how often something may be done, shared by all processes of a service through PostgreSQL."""

from watchword.limits.errors import LimitReached
from watchword.limits.limit import Charge, Limit, Quota
from watchword.limits.limiter import Limiter
from watchword.limits.pace import Pace
from watchword.limits.tables import allowances_table, delete_unneeded, delete_unneeded_portion

__all__ = [
    "Charge",
    "Limit",
    "LimitReached",
    "Limiter",
    "Pace",
    "Quota",
    "allowances_table",
    "delete_unneeded",
    "delete_unneeded_portion",
]
