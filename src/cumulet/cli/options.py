"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=True),
    envvar="CUMULET_DATA_DIR",
    default=lambda: Path.home() / ".cumulet",
    show_default="~/.cumulet",
    callback=lambda _context, _option, path: path.expanduser().absolute(),
    help="Where the cloud keeps its data.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
