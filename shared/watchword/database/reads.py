"""The read path: one prepared statement on a pooled connection, no session, no transaction around it."""

from watchword.database.pool import StatementPool


class ReadPool(StatementPool):
    """For hot reads. A statement that changes something and is the whole transaction may go this way if its callers
    are few and must not wait behind the writes of requests."""
