"""How PostgreSQL runs a statement that is planned once, for whatever values come."""

import json
from typing import Any

import asyncpg

from watchword.database import Statement


async def plan_of(
    connection: "asyncpg.Connection[asyncpg.Record]",
    statement: Statement,
    values: dict[str, Any],
    mode: str = "force_generic_plan",
) -> list[dict[str, Any]]:
    """The nodes of its plan in this `plan_cache_mode`."""
    literals = ", ".join(map(_literal, statement.arguments(values)))
    await connection.execute(f"SET plan_cache_mode = {mode}; PREPARE planned AS {statement.sql}")
    explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE planned ({literals})")
    await connection.execute("DEALLOCATE planned")
    return _nodes(json.loads(explained)[0]["Plan"])


def scans(plan: list[dict[str, Any]], table: str) -> list[tuple[str, str | None]]:
    """How the table is read: each node's kind, and its index."""
    return [(node["Node Type"], node.get("Index Name")) for node in plan if node.get("Relation Name") == table]


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in _nodes(child))]


def _literal(value: object) -> str:
    return "'{" + ",".join(map(str, value)) + "}'" if isinstance(value, list) else f"'{value}'"
