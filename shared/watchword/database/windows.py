"""Pages of lists whose filters may leave out most of what is read: each looks at a bounded part of an index.

A page that this window cannot fill has fewer rows than it may have, and says where the window ends.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
)

WINDOW: Final = 1_000
"""How many rows one page reads at most."""

LIMIT: Final = bindparam("limit", type_=Integer())
"""How many rows the page has at most."""

AnySelect: TypeAlias = Select[*tuple[Any, ...]]


def page_of_window(
    steps: AnySelect,
    rows_of: Callable[[Subquery], AnySelect],
    *,
    is_descending: bool,
    also: Callable[[CTE], Sequence[ColumnElement[Any]]] = lambda _: (),
) -> AnySelect:
    """The statement of a page. `steps` are the entries of the index from where the last page ended, in the order of
    their column `key`; `rows_of` selects the rows of a window that the list has, with their `key`; `also` are columns
    that are read for these alone.

    `edge` of each row, and of the one row of nulls that a page without rows has, is the `key` of the window's last
    entry if there may be more behind it and the page has room left; else null.
    """
    window = steps.limit(literal_column(str(WINDOW))).subquery("steps")
    page = rows_of(window).order_by(_in_order(window.c.key, is_descending)).limit(LIMIT).cte("page")
    last = steps.with_only_columns(steps.selected_columns.key)
    last = last.offset(literal_column(str(WINDOW - 1))).limit(literal_column("1"))
    # The end of the window is only looked for if it is needed.
    has_room = select(func.count()).select_from(page).scalar_subquery() < LIMIT
    edge = select(case((has_room, last.scalar_subquery())).label("edge")).subquery("edge")
    rows = select(edge.c.edge, *page.c, *also(page)).select_from(edge.outerjoin(page, true()))
    return rows.order_by(_in_order(page.c.key, is_descending))


def _in_order(key: ColumnElement[Any], is_descending: bool) -> ColumnElement[Any]:
    return key.desc() if is_descending else key.asc()
