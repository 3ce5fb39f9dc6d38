"""What the hourly clean-up deletes."""

from typing import Final

from posts_service.tables import ALLOWANCES, JOBS
from watchword.jobs.cleanup import DeletePortion, dead_jobs_of, unneeded_of

EXPIRED: Final[tuple[DeletePortion, ...]] = (dead_jobs_of(JOBS), unneeded_of(ALLOWANCES))
"""What is cleaned up, in this order."""
