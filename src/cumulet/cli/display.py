"""How facts are printed: as a table for people, as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click


def show(facts: Any, as_json: bool, words: str) -> None:
    """`words` for people, the facts themselves for scripts."""
    click.echo(json.dumps(facts, indent=2) if as_json else words)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
    """Print a table; the columns in `right` hold numbers."""
    from rich.box import SIMPLE_HEAD  # it costs a tenth of a second, which only tables are worth
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    console = Console(width=None if _is_terminal() else 160, highlight=False, markup=False)
    console.print(drawn)


def size(count: int) -> str:
    """Bytes as people read them."""
    number = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


def instant(text: str) -> str:
    """An instant of ours, to the second."""
    return text[:19].replace("T", " ") + " UTC"


def _is_terminal() -> bool:
    return click.get_text_stream("stdout").isatty()
