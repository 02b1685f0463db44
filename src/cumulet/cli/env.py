"""`cumulet env`: lines that point the AWS clients of a shell to the cloud."""

from __future__ import annotations

from pathlib import Path

import click

from cumulet.cli import options
from cumulet.cli.connection import client_variables
from cumulet.cli.display import show
from cumulet.cli.exports import SHELLS, assignment, shell_of_user


@click.command()
@click.option("--shell", type=click.Choice(SHELLS), help="[default: as $SHELL says]")
@click.option("--account", default="test", help="Act as the root of this account: twelve digits.")
@click.option("--region", default="us-east-1", show_default=True)
@options.data_dir
@options.as_json
def env(shell: str | None, account: str, region: str, data_dir: Path, as_json: bool) -> None:
    """Print what sets the environment of AWS clients: eval "$(cumulet env)"."""
    facts = client_variables(data_dir, account, region)
    shell = shell or shell_of_user()
    show(facts, as_json, "\n".join(assignment(shell, name, value) for name, value in facts.items()))
