"""`cumulet key`: access keys of the roots of accounts, whose signatures are verified."""

from __future__ import annotations

from pathlib import Path

import click

from cumulet.cli import options
from cumulet.cli.connection import ask, part
from cumulet.cli.display import instant, show, table

_ACCOUNT = "000000000000"


@click.group()
def key() -> None:
    """Create, list and delete access keys of root users."""


@key.command()
@click.option("--account", default=_ACCOUNT, show_default=True, help="Twelve digits.")
@options.data_dir
@options.as_json
def create(account: str, data_dir: Path, as_json: bool) -> None:
    """Issue an access key of an account's root. Its secret is shown this once."""
    facts = ask(data_dir, "POST", "/_cumulet/keys", account=account)
    show(facts, as_json, f"export AWS_ACCESS_KEY_ID={facts['id']}\nexport AWS_SECRET_ACCESS_KEY={facts['secret']}")


@key.command(name="list")
@options.data_dir
@options.as_json
def list_all(data_dir: Path, as_json: bool) -> None:
    """Print the keys, without their secrets."""
    facts = ask(data_dir, "GET", "/_cumulet/keys")
    rows = [(k["id"], k["account"], instant(k["created"])) for k in facts["keys"]]
    if as_json or not rows:
        show(facts, as_json, "Cumulet has issued no root keys. Make one: cumulet key create")
        return
    table(("key", "account", "created"), rows)


@key.command()
@click.argument("key_id")
@options.data_dir
@options.as_json
def delete(key_id: str, data_dir: Path, as_json: bool) -> None:
    """Revoke the key KEY_ID."""
    show(ask(data_dir, "DELETE", f"/_cumulet/keys/{part(key_id)}"), as_json, f"Deleted {key_id}.")
