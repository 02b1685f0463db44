"""What who changes a global table has to be permitted in the other Regions.

Sources: DynamoDB Developer Guide, "DynamoDB global tables security"; "Using IAM with global tables" (2017.11.29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cumulet.kernel.access import Need
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import policies, tables, tags
from cumulet.services.dynamodb.tables import Table

Given = Mapping[str, Any]

_TO_CREATE = (
    "CreateTable", "CreateTableReplica", "Scan", "Query", "UpdateItem", "PutItem", "GetItem", "DeleteItem",
    "BatchWriteItem",
)  # fmt: skip
_TO_DELETE = ("DeleteTable", "DeleteTableReplica")
_LEGACY = {"create_global_table": "CreateGlobalTable", "update_global_table": "UpdateGlobalTable"}


def needs(tx: ReadTransaction, scope: Scope, operation: str, parameters: Given) -> Iterator[Need]:
    """On top of what the call needs in its own Region."""
    if operation in _LEGACY:
        regions = {each.get("RegionName") for each in parameters.get("ReplicationGroup") or ()}
        for each in parameters.get("ReplicaUpdates") or ():
            regions |= {action.get("RegionName") for action in each.values() if action}
        for region in sorted(regions - {None}):
            yield _need(tx, replace(scope, region=region), parameters["GlobalTableName"], _LEGACY[operation])
    elif operation == "update_table":
        yield from _of_updates(tx, scope, parameters)


def _of_updates(tx: ReadTransaction, scope: Scope, parameters: Given) -> Iterator[Need]:
    place, name = tables.locate(scope, parameters["TableName"])
    for each in parameters.get("ReplicaUpdates") or ():
        for kind, wanted in (("Create", _TO_CREATE), ("Update", ("UpdateTable",)), ("Delete", _TO_DELETE)):
            if each.get(kind):
                there = replace(place, region=each[kind]["RegionName"])
                yield from (_need(tx, there, name, action) for action in wanted)
    for each in parameters.get("GlobalTableWitnessUpdates") or ():
        for kind in ("Create", "Delete"):
            if each.get(kind):
                yield _need(tx, place, name, f"{kind}GlobalTableWitness")


def _need(tx: ReadTransaction, place: Scope, name: str, action: str) -> Need:
    table: Table | None = tables.find(tx, place, name)
    policy = policies.of_table(tx, table) if table is not None else None
    return Need(
        action=f"dynamodb:{action}", resource=place.arn("dynamodb", f"table/{name}"), account=place.account,
        policy=policy.text if policy is not None else None,
        tags=lambda: tags.of(tx, table) if table is not None else {},
    )  # fmt: skip
