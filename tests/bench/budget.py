"""What a measurement says that misses what it must hold."""


class BudgetMissed(Exception):
    """Its text is the table."""
