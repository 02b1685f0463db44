"""`cumulet account`: the accounts of a cloud, and how to act in one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click

from cumulet.cli import options, profiles
from cumulet.cli.connection import ask, client_variables, must_run
from cumulet.cli.display import instant, show, table
from cumulet.cli.exports import SHELLS, assignment, shell_of_user
from cumulet.cli.failures import Failure

_MANAGEMENT = "000000000000"
_NUMBER = re.compile(r"[0-9]{12}")


@click.group()
def account() -> None:
    """Create and list accounts, and act in one of them."""


@account.command()
@click.argument("name")
@click.option("--email", help="The address of its root. [default: made of NAME]")
@click.option("--management", default=_MANAGEMENT, show_default=True, help="The account that manages the organization.")
@options.data_dir
@options.as_json
def create(name: str, email: str | None, management: str, data_dir: Path, as_json: bool) -> None:
    """Make the account NAME, in the organization of the management account, which is founded if there is none."""
    must_run(data_dir)
    facts = ask(data_dir, "POST", "/_cumulet/accounts", name=name, email=email, management=management)
    number = facts["number"]
    show(facts, as_json, f'Created {name}: {number}. Act in it: eval "$(cumulet account use {number})"')


@account.command(name="list")
@options.data_dir
@options.as_json
def list_all(data_dir: Path, as_json: bool) -> None:
    """Print the accounts that have a name. Any other twelve digits are an account too, once they are used."""
    facts = ask(data_dir, "GET", "/_cumulet/accounts")
    if as_json:
        show(facts, as_json, "")
        return
    table(("account", "name", "email", "state", "role", "created"), [_row(a) for a in facts["accounts"]])


@account.command()
@click.argument("account_name", metavar="ACCOUNT")
@click.option("--shell", type=click.Choice(SHELLS), help="[default: as $SHELL says]")
@click.option("--profile", help="Write a profile of this name for AWS clients, instead of printing.")
@click.option("--region", default="us-east-1", show_default=True)
@options.data_dir
@options.as_json
def use(account_name: str, shell: str | None, profile: str | None, region: str, data_dir: Path, as_json: bool) -> None:
    """Act as the root of ACCOUNT, a number or a name: eval "$(cumulet account use dev)"."""
    number = _find(account_name, data_dir)
    facts = client_variables(data_dir, number, region)
    if profile is None:
        shell = shell or shell_of_user()
        show(facts, as_json, "\n".join(assignment(shell, name, value) for name, value in facts.items()))
        return
    place = Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
    profiles.write(place, profile, facts)
    show(
        {**facts, "profile": profile, "file": str(place)},
        as_json,
        f"Wrote {profile} into {place}. Use it: aws --profile {profile} ...",
    )


def _find(name: str, data_dir: Path) -> str:
    """The number of the account that is meant. Raises Failure."""
    must_run(data_dir)
    if _NUMBER.fullmatch(name):
        return name
    found = [a["number"] for a in ask(data_dir, "GET", "/_cumulet/accounts")["accounts"] if a["name"] == name]
    if not found:
        raise Failure(
            f"there is no account {name}.", f"Make it: cumulet account create {name}, or see: cumulet account list"
        )
    if len(found) > 1:
        raise Failure(f"{len(found)} accounts are called {name}: {', '.join(found)}.", "Name one by its number.")
    return str(found[0])


def _row(facts: dict[str, Any]) -> tuple[str, ...]:
    role = ""
    if facts["organization"]:
        role = "manages" if facts["management"] == facts["number"] else f"member of {facts['management']}"
    created = instant(facts["created"]) if facts["created"] else ""
    return facts["number"], facts["name"], facts["email"], facts["state"].lower(), role, created
