"""Work that is written down in the transaction of the change that causes it, and done after the commit."""

from watchword.jobs.enqueueing import Jobs, PayloadRefused
from watchword.jobs.job import Handler, Job, JobKind, JobPostponed, JobRefused
from watchword.jobs.records import JobRecords
from watchword.jobs.table import jobs_table
from watchword.jobs.worker import JobWorker

__all__ = [
    "Handler",
    "Job",
    "JobKind",
    "JobPostponed",
    "JobRecords",
    "JobRefused",
    "JobWorker",
    "Jobs",
    "PayloadRefused",
    "jobs_table",
]
