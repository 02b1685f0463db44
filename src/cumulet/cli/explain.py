"""`cumulet explain`: why a call was refused, or let in, policy by policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cumulet.cli import options
from cumulet.cli.connection import ask, part
from cumulet.cli.display import instant, show, table
from cumulet.cli.failures import Failure

_LONGEST = 60
_ABOUT_OTHERS = ("Action", "NotAction")


@click.command()
@click.argument("request_id", required=False)
@click.option("--account", help="Look only into this account's record, twelve digits.")
@options.data_dir
@options.as_json
def explain(request_id: str | None, account: str | None, data_dir: Path, as_json: bool) -> None:
    """Tell why the call REQUEST_ID was refused or let in; without one, why the latest refusal was.

    The request id is in every answer and error: RequestId in boto3's ResponseMetadata, x-amzn-RequestId or
    x-amz-request-id among the headers."""
    where = {} if account is None else {"account": account}
    path = "/_cumulet/explain" + (f"/{part(request_id)}" if request_id else "")
    try:
        facts = ask(data_dir, "GET", path, **where)
    except Failure as failure:
        failure.mend = failure.mend or _mend(request_id)
        raise
    if as_json:
        show(facts, as_json, "")
    else:
        _print(facts)


def _mend(request_id: str | None) -> str:
    if request_id is None:
        return "To see a call that was let in: cumulet explain REQUEST-ID"
    return "The latest refusal: cumulet explain"


def _print(facts: dict[str, Any]) -> None:
    click.echo(f"{facts['outcome'].upper()}  {facts['principal']}")
    click.echo(f"  called {facts['service']} {facts['operation']} in {facts['region']} at {instant(facts['time'])}")
    click.echo(f"  from {facts['source_ip']}, account {facts['account']}, request {facts['request_id']}")
    if facts["error"]:
        click.echo(f"  and was told: {facts['error']}: {facts['message']}")
    for note in facts["notes"]:
        click.echo(f"\n{note}")
    for question in facts["questions"]:
        _print_question(question)


def _print_question(question: dict[str, Any]) -> None:
    verdict = "allowed" if question["allowed"] else "denied"
    click.echo(f"\n{question['action']} on {question['resource']}: {verdict}")
    if question["words"]:
        click.echo(f"  {question['words']}")
    rows = list(_rows(question))
    if rows:
        table(("policies considered", "policy", "statement", "effect", "applies", "because"), rows)
    else:
        click.echo("  No policy had anything to say: the caller has none, and neither has the resource.")
    if question["left_out"]:
        click.echo(f"  {question['left_out']} more statements, most about other actions, are left out.")
    if question["missing_keys"]:
        click.echo(f"  Condition keys that were asked for and absent: {', '.join(question['missing_keys'])}")
    if not question["allowed"]:
        click.echo("\n".join(_advice(question)))


def _rows(question: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for each in question["statements"]:
        kind = each["layer"].partition(" ")[2]
        yield kind, each["policy"], _numbered(each["statement"]), each["effect"], _mark(each), _why(each)


def _numbered(statement: str | int) -> str:
    return statement if isinstance(statement, str) else f"number {statement + 1}"


def _mark(each: dict[str, Any]) -> str:
    return "yes" if each["applies"] else "no"


def _why(each: dict[str, Any]) -> str:
    if each["applies"]:
        return ""
    if each["failed"] in _ABOUT_OTHERS:
        return f"{each['failed']} is about others: {_short(each['wanted'])}"
    if each["failed"] != "Condition":
        return f"{each['failed']} does not fit: {_short(each['wanted'])}"
    condition = each["condition"]
    given = "nothing" if condition["given"] is None else _short(condition["given"])
    return f"Condition {condition['operator']} {condition['key']}: wants {_short(condition['wanted'])}, got {given}"


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _advice(question: dict[str, Any]) -> Iterator[str]:
    if question["reason"] == "explicitDeny":
        decided = question["decided_by"] or {"policy": "", "statement": 0}
        yield "\nAn explicit deny wins over every allow. Change or remove it:"
        yield f"  statement {_numbered(decided['statement'])} of {decided['policy'] or question['layer']}"
        return
    if not question["remedies"]:
        yield "\nAdding a statement alone would not help: after it, an explicit deny would refuse the call."
        return
    for number, remedy in enumerate(question["remedies"]):
        yield f"\n{'This would allow it' if number == 0 else 'And as well'}, in {remedy['in']}:"
        yield json.dumps(remedy["statement"], indent=2)
