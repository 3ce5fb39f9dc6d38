"""A read that can be run for several callers at once, by one statement with the values of all of them."""

from typing import Any, Final, cast

from sqlalchemy import BindParameter, Select, bindparam, column, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import visitors

from watchword.database.statements import Statement

PLACE: Final = "place"


class JointRead(Statement):
    """A SELECT without OFFSET, whose parameters are named and typed. `together` is the same for several callers: each
    parameter is an array with the values of all, and the last column of a row, PLACE, is the place of its caller in
    them, from 1.

    The rows of each caller come in the order of the SELECT.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]], *, timeout_seconds: float | None = None) -> None:
        super().__init__(statement, timeout_seconds=timeout_seconds)
        self.together = Statement(_together(statement), timeout_seconds=timeout_seconds)
        self.together.name = self.name


def _together(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    parameters = {it.key: it for it in visitors.iterate(statement) if isinstance(it, BindParameter) and it.required}
    if PLACE in parameters:
        raise ValueError(f"no parameter of a joint read may have the name {PLACE}")
    arrays = [bindparam(name, type_=ARRAY(it.type)) for name, it in parameters.items()]
    columns = [column(name, it.type) for name, it in parameters.items()]
    callers = func.unnest(*arrays).table_valued(*columns, with_ordinality=PLACE).render_derived("callers")

    def replace(element: Any, **_: Any) -> Any:
        is_parameter = isinstance(element, BindParameter) and element.key in parameters
        # Not as a column of `callers`, which SQLAlchemy would add to the FROM of a subquery: the subquery would then
        # read the values of every caller.
        return literal_column(f'{callers.name}."{element.key}"', element.type) if is_parameter else None

    own = cast(Select[*tuple[Any, ...]], visitors.replacement_traverse(statement, {}, replace))
    # PostgreSQL would make one join of a subquery without OFFSET: of a table that was small when it was planned, every
    # row could be read. With OFFSET the subquery is run for each caller in turn, which also keeps its rows in order.
    rows = own.offset(literal_column("0")).lateral("own")
    return select(*rows.c, callers.c[PLACE]).select_from(callers.join(rows, true()))
