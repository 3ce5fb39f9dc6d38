"""Options that commands of several groups have."""

from typing import Annotated

import typer

Limit = Annotated[int, typer.Option(min=1, max=100, help="How many items one page has at most.")]
Cursor = Annotated[str | None, typer.Option(help="Where the page begins: what the page before has printed.")]
