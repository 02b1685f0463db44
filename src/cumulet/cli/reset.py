"""`cumulet reset`: forget state."""

from __future__ import annotations

from pathlib import Path

import click

from cumulet.cli import options
from cumulet.cli.connection import ask
from cumulet.cli.display import show


@click.command()
@click.option("--service", help="Only this service, as boto3 names it.")
@click.option("--account", help="Only this account: twelve digits.")
@options.yes
@options.data_dir
@options.as_json
def reset(service: str | None, account: str | None, yes: bool, data_dir: Path, as_json: bool) -> None:
    """Forget what the cloud holds. Root keys, snapshots and the clock's setting stay.

    On a terminal it asks first; in a script it does not."""
    what = " ".join(filter(None, [service or "everything", account and f"in account {account}"]))
    if not yes and click.get_text_stream("stdin").isatty():
        click.confirm(f"Forget {what} in {data_dir}?", abort=True, err=True)
    named = {name: value for name, value in (("service", service), ("account", account)) if value is not None}
    facts = ask(data_dir, "POST", "/_cumulet/reset", **named)
    show(facts, as_json, f"Forgot {what}.")
