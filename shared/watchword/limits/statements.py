"""The statements of the limits. Several charges are one statement, which charges all of them or none."""

from sqlalchemy import Table

from watchword.database.statements import Statement

TIMEOUT_SECONDS = 0.2


class SqlStatement(Statement):
    """A statement in SQL, whose arguments have these names."""

    def __init__(self, name: str, sql: str, *names: str) -> None:
        self.timeout_seconds = TIMEOUT_SECONDS
        self.sql = sql
        self.name = name
        self._names = names
        self._constants = {}
        self._parameters = frozenset(names)


def charge_statement(table: Table) -> Statement:
    """A row for each key: `ahead`, how many seconds its uses until now are paid ahead, and `is_charged`.

    Rows that are there are locked in the order of their keys, and judged as they are then. Of two statements that make
    the same row at once, the second judges it again: so one key may be refused although the others were charged, which
    the caller undoes.
    """
    name = _name(table)
    sql = f"""
WITH wanted AS MATERIALIZED (
    SELECT key, make_interval(secs => cost) AS cost, make_interval(secs => burst) AS burst
    FROM unnest($1::bytea[], $2::float8[], $3::float8[]) AS charge (key, cost, burst)
), present AS MATERIALIZED (
    SELECT key, free_at FROM {name} WHERE key = ANY ($1::bytea[]) ORDER BY key FOR UPDATE
), judged AS MATERIALIZED (
    SELECT key, cost, burst, greatest(free_at, now()) AS free_at FROM wanted LEFT JOIN present USING (key)
), charged AS (
    INSERT INTO {name} AS allowance (key, free_at)
    SELECT key, free_at + cost FROM judged
    WHERE NOT EXISTS (SELECT FROM judged WHERE free_at + cost > now() + burst) ORDER BY key
    ON CONFLICT (key) DO UPDATE
    SET free_at = greatest(allowance.free_at, now()) + (SELECT cost FROM wanted WHERE wanted.key = excluded.key)
    WHERE greatest(allowance.free_at, now()) + (SELECT cost - burst FROM wanted WHERE wanted.key = excluded.key)
        <= now()
    RETURNING key
)
SELECT judged.key, extract(epoch FROM judged.free_at - now())::float8 AS ahead, charged.key IS NOT NULL AS is_charged
FROM judged LEFT JOIN charged ON charged.key = judged.key"""  # noqa: S608 - the name is a table of ours
    return SqlStatement("INSERT allowances", sql, "keys", "costs", "bursts")


def undo_statement(table: Table) -> Statement:
    """Take one use back from each key that has a row. Rows are locked in the order in which they are charged."""
    name = _name(table)
    sql = f"""
WITH present AS MATERIALIZED (SELECT key FROM {name} WHERE key = ANY ($1::bytea[]) ORDER BY key FOR UPDATE)
UPDATE {name} AS allowance SET free_at = free_at - make_interval(secs => cost)
FROM unnest($1::bytea[], $2::float8[]) AS charge (key, cost) JOIN present USING (key)
WHERE allowance.key = charge.key"""  # noqa: S608 - the name is a table of ours
    return SqlStatement("UPDATE allowances", sql, "keys", "costs")


def _name(table: Table) -> str:
    return f'"{table.schema}"."{table.name}"'
