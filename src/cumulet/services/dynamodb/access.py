"""Which permissions DynamoDB's operations need, and on which tables, indexes and streams.

Sources: Service Authorization Reference, Amazon DynamoDB; Developer Guide, "Using IAM policy conditions for
fine-grained access control", "Resource-based policies and DynamoDB", "PartiQL security policies"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import structs

from cumulet.kernel import actions
from cumulet.kernel.access import Need
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import arn_account
from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import access_facts, policies, replica_access, statement_facts, tables, tags
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.partiql import parser, syntax
from cumulet.services.dynamodb.tables import Table

Given = Mapping[str, Any]

_ON_ITEMS = {
    "get_item": "GetItem",
    "put_item": "PutItem",
    "update_item": "UpdateItem",
    "delete_item": "DeleteItem",
    "query": "Query",
    "scan": "Scan",
}
_BATCHES = {"batch_get_item": "BatchGetItem", "batch_write_item": "BatchWriteItem"}
_TRANSACTIONS = {"transact_get_items": "TransactGetItems", "transact_write_items": "TransactWriteItems"}
_IN_TRANSACTIONS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_STATEMENTS = {
    "execute_statement": "ExecuteStatement",
    "batch_execute_statement": "BatchExecuteStatement",
    "execute_transaction": "ExecuteTransaction",
}
_NAMING = ("TableName", "ResourceArn", "TableArn", "SourceTableArn", "SourceTableName")
_OTHER_ARNS = ("BackupArn", "ExportArn", "ImportArn")


def needs(tx: ReadTransaction, scope: Scope, operation: str, parameters: Given) -> Iterator[Need]:
    """What a call has to be permitted. Raises ValidationException for ARNs and statements that are none."""
    if operation in _ON_ITEMS:
        yield _on_items(tx, scope, _ON_ITEMS[operation], parameters["TableName"], [parameters], parameters)
    elif operation in _BATCHES:
        for name, requests in parameters["RequestItems"].items():
            parts = _parts_of_batch(requests)
            yield _on_items(tx, scope, _BATCHES[operation], name, parts, parameters)
    elif operation in _TRANSACTIONS:
        yield from _of_transaction(tx, scope, _TRANSACTIONS[operation], parameters)
    elif operation in _STATEMENTS:
        yield from _of_statements(tx, scope, _STATEMENTS[operation], parameters)
    else:
        yield from _of_configuration(tx, scope, operation, parameters)


def is_plain(tx: ReadTransaction, scope: Scope, parameters: Given) -> bool:
    """Whether a call is on tables of its own account alone, and none of them has a policy: then its root may do it."""
    found = _named(parameters)
    return found is not None and all(_is_plain(tx, scope, name) for name in found)


def _is_plain(tx: ReadTransaction, scope: Scope, name: str) -> bool:
    if name.startswith("arn:") and arn_account(name) != scope.account:
        return False
    table: Table | None = tx.get(tables.key_of(scope, name.rpartition("/")[2] if name.startswith("arn:") else name))
    return table is None or not table.has_policy


def _named(parameters: Given) -> Sequence[str] | None:
    """The tables that a call names; None where it is not as simple as that."""
    if "TableName" in parameters:
        return (parameters["TableName"],)
    if "RequestItems" in parameters:
        return list(parameters["RequestItems"])
    if "TransactItems" in parameters:
        return [part["TableName"] for each in parameters["TransactItems"] for part in each.values() if part]
    if "Statement" in parameters:
        return _named_by(parameters["Statement"])
    return None


def _named_by(statement: str) -> Sequence[str]:
    """The table of a statement; none where it cannot be read, which whoever runs it will say."""
    try:
        return (parser.parse(statement).table,)
    except ValidationException:
        return ()


def _on_items(
    tx: ReadTransaction, scope: Scope, action: str, name: str, parts: Sequence[Given], request: Given,
    enclosing: str = "",
) -> Need:  # fmt: skip
    place, arn, table = _found(tx, scope, name)
    index = request.get("IndexName") if action in ("Query", "Scan") else None
    schema = table.schema if table is not None else None
    if table is not None and index:
        schema = next((each.schema for each in table.indexes if each.name == index), None)
    facts = access_facts.OfItems(action, schema, parts, request, enclosing)
    return _need(tx, action, f"{arn}/index/{index}" if index else arn, place, table, facts)


def _parts_of_batch(requests: Any) -> list[Given]:
    """Of a batch of reads, one part with many keys; of writes, one for each item."""
    if isinstance(requests, Mapping):
        return [requests]
    return [part for each in requests for part in each.values() if part]


def _of_transaction(tx: ReadTransaction, scope: Scope, enclosing: str, parameters: Given) -> Iterator[Need]:
    """One need for each action on each table, whatever the number of items."""
    by_action: dict[tuple[str, str], list[Given]] = {}
    for each in parameters["TransactItems"]:
        for kind, part in each.items():
            if part and kind in _IN_TRANSACTIONS:
                by_action.setdefault((_IN_TRANSACTIONS[kind], part["TableName"]), []).append(part)
    for (action, name), parts in by_action.items():
        yield _on_items(tx, scope, action, name, parts, parameters, enclosing)


def _of_statements(tx: ReadTransaction, scope: Scope, enclosing: str, parameters: Given) -> Iterator[Need]:
    """Of a statement that cannot be read, nothing: whoever runs it will say so."""
    given = parameters.get("Statements") or parameters.get("TransactStatements") or [parameters]
    for each in given:
        try:
            statement = parser.parse(each["Statement"])
        except ValidationException:
            continue
        place, arn, table = _found(tx, scope, statement.table)
        index = statement.index if isinstance(statement, syntax.Select) else ""
        schema = table.schema if table is not None else None
        if table is not None and index:
            schema = next((kept.schema for kept in table.indexes if kept.name == index), None)
        told = "" if enclosing == "ExecuteStatement" else enclosing
        facts = statement_facts.OfStatement(statement, schema, each.get("Parameters") or (), told)
        action = syntax.action(statement).removeprefix("dynamodb:")
        yield _need(tx, action, f"{arn}/index/{index}" if index else arn, place, table, facts)


def _of_configuration(tx: ReadTransaction, scope: Scope, operation: str, parameters: Given) -> Iterator[Need]:
    """As AWS publishes it, on what the call names, which may belong to another account."""
    name = next((parameters[member] for member in _NAMING if parameters.get(member)), None)
    other = next((parameters[member] for member in _OTHER_ARNS if parameters.get(member)), None)
    published = actions.needs("dynamodb", operation, scope, parameters)
    where = _of_source(scope, parameters.get("SourceTableArn"))
    for need in published:
        if need.action.startswith("iam:") or "global-table" in need.resource:
            yield need
        elif other is not None and f":table/*/{other.rpartition('/')[0].rpartition('/')[2]}/" in need.resource:
            yield structs.replace(need, resource=other, account=arn_account(other))
        elif name is not None and (need.resource == "*" or ":table/" in need.resource):
            yield _on_named(tx, where, need, name)
        else:
            yield need
    if operation == "create_table" and parameters.get("ResourcePolicy"):
        yield _on_named(tx, scope, Need(action="dynamodb:PutResourcePolicy"), parameters["TableName"])
    yield from replica_access.needs(tx, scope, operation, parameters)


def _on_named(tx: ReadTransaction, scope: Scope, need: Need, name: str) -> Need:
    """A need on the table, or the stream of a table, that is named."""
    if name.startswith("arn:") and not _is_of_dynamodb(name):
        return structs.replace(need, resource=name, account=arn_account(name))  # refused soon, in other words
    of_table, _, label = name.partition("/stream/")
    place, arn, table = _found(tx, scope, of_table)
    action = need.action.removeprefix("dynamodb:")
    made = _need(tx, action, f"{arn}/stream/{label}" if label else arn, place, table, need.context)
    if not label or table is None:
        return made
    policy = policies.of_stream(tx, table, made.resource)
    return structs.replace(made, policy=policy.text if policy is not None else None)


def _of_source(scope: Scope, arn: str | None) -> Scope:
    """A table may be restored from another Region, unlike all else that is done to tables."""
    parts = arn.split(":", 5) if arn else []
    return structs.replace(scope, region=parts[3]) if len(parts) == 6 else scope


def _is_of_dynamodb(arn: str) -> bool:
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[2] == "dynamodb" and parts[5].startswith("table/")


def _found(tx: ReadTransaction, scope: Scope, name: str) -> tuple[Scope, str, Table | None]:
    """Whose a table is, its ARN, and the table, if there is one. Raises ValidationException for no ARN of a table."""
    place, plain = tables.locate(scope, name)
    table: Table | None = tx.get(tables.key_of(place, plain))
    return place, table.arn if table is not None else place.arn("dynamodb", f"table/{plain}"), table


def _need(tx: ReadTransaction, action: str, arn: str, place: Scope, table: Table | None, facts: Any) -> Need:
    policy = policies.of_table(tx, table) if table is not None else None
    return Need(
        action=f"dynamodb:{action}", resource=arn, account=place.account,
        policy=policy.text if policy is not None else None,
        tags=lambda: tags.of(tx, table) if table is not None else {}, context=facts,
    )  # fmt: skip
