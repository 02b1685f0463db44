"""`cumulet policy-from`: what somebody did becomes the policy that allows it, and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from cumulet.cli import options
from cumulet.cli.connection import ask
from cumulet.cli.display import instant, show
from cumulet.cli.failures import Failure


@click.command(name="policy-from")
@click.option("--principal", required=True, help="The ARN of a user, role or root; or an account's number.")
@click.option("--since", help="Only actions used since then: 1h, 3d, or 2030-01-31T12:00:00Z.")
@options.data_dir
@options.as_json
def policy_from(principal: str, since: str | None, data_dir: Path, as_json: bool) -> None:
    """Print the least policy that covers what a principal really did.

    The policy goes to standard output, what there is to say of it to standard error. With a key that is only trusted,
    develop as the root of an account; then give your application a role with the policy of what it did:

    cumulet policy-from --principal 000000000000 > policy.json"""
    arguments = {"principal": principal} if since is None else {"principal": principal, "since": since}
    try:
        facts = ask(data_dir, "GET", "/_cumulet/policy-from", **arguments)
    except Failure as failure:
        failure.mend = failure.mend or "Use the cloud as that principal first, or see: cumulet policy-from --help"
        raise
    if as_json:
        show(facts, as_json, "")
        return
    click.echo("\n".join(json.dumps(policy, indent=2) for policy in facts["policies"]))
    _comment(facts)


def _comment(facts: dict[str, Any]) -> None:
    said = [
        f"{facts['calls']} calls of {facts['principal']} from {instant(facts['first'])} to {instant(facts['last'])}.",
        *facts["notes"],
    ]
    if len(facts["policies"]) > 1:
        said.append(f"These are {len(facts['policies'])} policies, since one has a limit of size: attach all of them.")
    if facts["left_out"]:
        said.append(f"Left out, since they take no permission: {', '.join(facts['left_out'])}.")
    for line in said:
        click.echo(f"# {line}", err=True)
