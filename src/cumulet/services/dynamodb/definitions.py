"""What CreateTable defines: checked in AWS's words and order, and read into a table's record.

Sources: DynamoDB API Reference, CreateTable; Developer Guide, "Quotas in Amazon DynamoDB"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import schema, streams, throughputs
from cumulet.services.dynamodb.errors import INVALID, ValidationException
from cumulet.services.dynamodb.tables import ON_DEMAND, PROVISIONED, Index, Table

Given = Mapping[str, Any]
Types = Mapping[str, str]

MOST_LOCAL_INDEXES, MOST_GLOBAL_INDEXES, MOST_INCLUDED = 5, 20, 100
_KEYS_DO_NOT_MATCH = (
    "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"
)


def table(tx: Transaction, scope: Scope, name: str, given: Given, kms_key: str) -> Table:
    """The table that a request defines; `kms_key` is an ARN, or empty for AWS's own key. Raises ValidationException."""
    billing = given.get("BillingMode") or PROVISIONED
    throughputs.check(billing, given)
    defined = list(given.get("AttributeDefinitions") or ())
    types = {each["AttributeName"]: each["AttributeType"] for each in defined}
    key_schema = given.get("KeySchema")
    if not key_schema:
        raise ValidationException.of_constraint("keySchema", None, "Member must not be null")
    check_key_schema(key_schema, types)
    local, everywhere = given.get("LocalSecondaryIndexes"), given.get("GlobalSecondaryIndexes")
    _check_local(local, key_schema, types)
    _check_global(everywhere, types, billing)
    indexes = [*(local or ()), *(everywhere or ())]
    _check_together(indexes)
    _check_all_used(defined, key_schema, indexes)
    stream = given.get("StreamSpecification")
    check_stream(stream)
    made = Table(
        id=tx.uuid(), name=name, scope=scope, schema=schema.read(key_schema, types), types=types,
        created=tx.now, billing=billing, billing_changed=tx.now if billing == ON_DEMAND else None,
        throughput=throughputs.read(given.get("ProvisionedThroughput")),
        on_demand=throughputs.limits(given.get("OnDemandThroughput")), warm=dict(given.get("WarmThroughput") or {}),
        indexes=tuple(_index(tx, each, types, is_global=at >= len(local or ())) for at, each in enumerate(indexes)),
        table_class=given.get("TableClass") or "STANDARD",
        is_protected=bool(given.get("DeletionProtectionEnabled")), kms_key=kms_key,
    )  # fmt: skip
    return streams.enable(tx, made, stream["StreamViewType"]) if stream and stream["StreamEnabled"] else made


def global_index(tx: Transaction, given: Given, types: Types, billing: str) -> Index:
    """The index that UpdateTable adds. Raises ValidationException."""
    _check_global_index(given, types, billing)
    return _index(tx, given, types, is_global=True)


def _index(tx: Transaction, given: Given, types: Types, *, is_global: bool) -> Index:
    projection = given["Projection"]
    return Index(
        id=tx.uuid(), name=given["IndexName"], schema=schema.read(given["KeySchema"], types), is_global=is_global,
        projection=projection["ProjectionType"], included=tuple(projection.get("NonKeyAttributes") or ()),
        throughput=throughputs.read(given.get("ProvisionedThroughput")),
        on_demand=throughputs.limits(given.get("OnDemandThroughput")), warm=dict(given.get("WarmThroughput") or {}),
    )  # fmt: skip


def check_key_schema(key_schema: Sequence[Given], types: Types, index: str = "") -> None:
    """Raises ValidationException for a key that is not a partition key, alone or with a sort key."""
    if index and len(key_schema) > 2 and all(part["KeyType"] in ("HASH", "RANGE") for part in key_schema):
        raise NotImplementedYet("Cumulet has no keys of several attributes for global secondary indexes yet.")
    if len(key_schema) > 2:
        shown = ", ".join(f"KeySchemaElement(attributeName={p['AttributeName']}, keyType={p['KeyType']})"
                          for p in key_schema[:10])  # fmt: skip
        raise ValidationException.of_constraint(
            "keySchema", f"[{shown}]", "Member must have length less than or equal to 2"
        )
    names = [part["AttributeName"] for part in key_schema]
    if any(name not in types for name in names):
        if index:
            raise ValidationException(
                f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. "
                f"Keys: {_listed(names)}, AttributeDefinitions: {_listed(types)}"
            )
        raise ValidationException("Invalid KeySchema: Some index key attribute have no definition")
    if key_schema[0]["KeyType"] != "HASH":
        raise ValidationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(names) == 2:
        if key_schema[1]["KeyType"] != "RANGE":
            raise ValidationException("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
        if names[0] == names[1]:
            raise ValidationException("Both the Hash Key and the Range Key element in the KeySchema have the same name")


def check_stream(given: Given | None) -> None:
    """Raises ValidationException for a stream without a view type, or the other way round."""
    if given is None:
        return
    if given["StreamEnabled"] and not given.get("StreamViewType"):
        raise ValidationException(f"{INVALID}StreamViewType must be specified when the stream is enabled")
    if not given["StreamEnabled"] and given.get("StreamViewType"):
        raise ValidationException(
            f"{INVALID}Table is being created with a stream disabled, UpdateViewType should not be specified"
        )


def check_names(names: Sequence[str]) -> None:
    """Raises ValidationException for a name that two indexes have."""
    seen = set[str]()
    for name in names:
        if name in seen:
            raise ValidationException(f"{INVALID}Duplicate index name: {name}")
        seen.add(name)


def check_included(counts: Sequence[int]) -> None:
    """Raises ValidationException where the indexes of a table include too many attributes, counted each time."""
    if sum(counts) > MOST_INCLUDED:
        raise ValidationException(
            f"{INVALID}Total number of NonKeyAttributes across all secondary indexes exceeds the limit of "
            f"{MOST_INCLUDED}"
        )


def _check_local(given: Sequence[Given] | None, key_schema: Sequence[Given], types: Types) -> None:
    if given is None:
        return
    if not given:
        raise ValidationException(f"{INVALID}List of LocalSecondaryIndexes is empty")
    if len(key_schema) < 2:
        raise ValidationException(
            f"{INVALID}Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex"
        )
    for each in given:
        _check_local_index(each, key_schema[0]["AttributeName"], types)
    if len(given) > MOST_LOCAL_INDEXES:
        raise ValidationException(
            f"{INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of {MOST_LOCAL_INDEXES}"
        )


def _check_local_index(given: Given, hash_name: str, types: Types) -> None:
    name, key_schema = given["IndexName"], given["KeySchema"]
    check_key_schema(key_schema, types, name)
    if len(key_schema) < 2:
        raise ValidationException(f"{INVALID}Index KeySchema does not have a range key for index: {name}")
    own = key_schema[0]["AttributeName"]
    if own != hash_name:
        raise ValidationException(
            f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. "
            f"index hash key: {own}, table hash key: {hash_name}"
        )
    _check_projection(given["Projection"])


def _check_global(given: Sequence[Given] | None, types: Types, billing: str) -> None:
    if given is None:
        return
    if not given:
        raise ValidationException(f"{INVALID}List of GlobalSecondaryIndexes is empty")
    for each in given:
        _check_global_index(each, types, billing)
    if len(given) > MOST_GLOBAL_INDEXES:
        raise ValidationException(
            f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of {MOST_GLOBAL_INDEXES}"
        )


def _check_global_index(given: Given, types: Types, billing: str) -> None:
    check_key_schema(given["KeySchema"], types, given["IndexName"])
    _check_projection(given["Projection"])
    throughputs.check_of_index(billing, given)


def _check_projection(given: Given) -> None:
    kind, included = given.get("ProjectionType"), given.get("NonKeyAttributes")
    if kind is None:
        raise ValidationException(f"{INVALID}Unknown ProjectionType: null")
    if kind == "INCLUDE" and not included:
        raise ValidationException(f"{INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and included is not None:
        raise ValidationException(f"{INVALID}ProjectionType is {kind}, but NonKeyAttributes is specified")


def _check_together(indexes: Sequence[Given]) -> None:
    check_names([each["IndexName"] for each in indexes])
    check_included([len(each["Projection"].get("NonKeyAttributes") or ()) for each in indexes])


def _check_all_used(defined: Sequence[Given], key_schema: Sequence[Given], indexes: Sequence[Given]) -> None:
    used = dict.fromkeys(part["AttributeName"] for part in key_schema)
    for each in indexes:
        used |= dict.fromkeys(part["AttributeName"] for part in each["KeySchema"])
    if len(used) == len(defined):
        return
    if not indexes:
        raise ValidationException(INVALID + _KEYS_DO_NOT_MATCH)
    raise ValidationException(
        f"{INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: "
        f"{_listed(each['AttributeName'] for each in defined)}, keys used: {_listed(used)}"
    )


def _listed(names: Any) -> str:
    return f"[{', '.join(names)}]"
