"""Kinesis data streams that changes of a table's items are to go to. They are kept; nothing is sent yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.service import stored
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cumulet.services.dynamodb.tables import Table

_PRECISION = "ApproximateCreationDateTimePrecision"
_NOT_TO_ENABLE = (
    "Table is not in a valid state to enable Kinesis Streaming Destination: EnableKinesisStreamingDestination must be "
    "DISABLED or ENABLE_FAILED to perform ENABLE operation."
)
_NOT_TO_DISABLE = (
    "Table is not in a valid state to disable Kinesis Streaming Destination: KinesisStreamingDestination must be "
    "ACTIVE to perform DISABLE operation."
)
_NOT_TO_UPDATE = (
    "Table is not in a valid state to update Kinesis Streaming Destination: KinesisStreamingDestination must be ACTIVE "
    "to perform UPDATE operation."
)


class Destination(Record):
    stream: str
    changed: datetime
    enabled: bool = True
    precision: str = ""


class Destinations(DynamoBase):
    @stored
    async def enable_kinesis_streaming_destination(
        self, *, TableName: str, StreamArn: str, EnableKinesisStreamingConfiguration: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        precision = (EnableKinesisStreamingConfiguration or {}).get(_PRECISION) or ""

        def enable(tx: Transaction, table: Table) -> dict[str, Any]:
            old = _find(tx, table, StreamArn)
            if old is not None and old.enabled:
                raise ValidationException(_NOT_TO_ENABLE)
            new = Destination(stream=StreamArn, changed=tx.now, precision=precision)
            tx.put(_key(table, StreamArn), new)
            return _answer(table, new, "ENABLING", "EnableKinesisStreamingConfiguration")

        return await self.write_table(TableName, enable)

    @stored
    async def disable_kinesis_streaming_destination(
        self, *, TableName: str, StreamArn: str, EnableKinesisStreamingConfiguration: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        def disable(tx: Transaction, table: Table) -> dict[str, Any]:
            new = replace(_active(tx, table, StreamArn, _NOT_TO_DISABLE), enabled=False, changed=tx.now)
            tx.put(_key(table, StreamArn), new)
            return _answer(table, new, "DISABLING", "EnableKinesisStreamingConfiguration")

        return await self.write_table(TableName, disable)

    @stored
    async def update_kinesis_streaming_destination(
        self, *, TableName: str, StreamArn: str, UpdateKinesisStreamingConfiguration: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        precision = (UpdateKinesisStreamingConfiguration or {}).get(_PRECISION)

        def update(tx: Transaction, table: Table) -> dict[str, Any]:
            old = _active(tx, table, StreamArn, _NOT_TO_UPDATE)
            if not precision or precision == (old.precision or "MILLISECOND"):
                raise ValidationException(
                    f"Invalid Request: Precision is already set to the desired value of {precision} for tableName: "
                    f"{table.name}, kdsArn: {StreamArn}"
                )
            new = replace(old, precision=precision, changed=tx.now)
            tx.put(_key(table, StreamArn), new)
            return _answer(table, new, "UPDATING", "UpdateKinesisStreamingConfiguration")

        return await self.write_table(TableName, update)

    @stored
    async def describe_kinesis_streaming_destination(self, *, TableName: str) -> dict[str, Any]:
        def describe(tx: ReadTransaction, table: Table) -> dict[str, Any]:
            found = [_described(each) for each in tx.range(table.key("kinesis"))]
            return {"TableName": table.name, "KinesisDataStreamDestinations": found}

        return await self.read_table(TableName, describe)


def _key(table: Table, stream: str) -> Key:
    return table.key("kinesis", stream)


def _find(tx: ReadTransaction, table: Table, stream: str) -> Destination | None:
    found: Destination | None = tx.get(_key(table, stream))
    return found


def _active(tx: ReadTransaction, table: Table, stream: str, otherwise: str) -> Destination:
    found = _find(tx, table, stream)
    if found is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Table: {table.name} has no Kinesis streaming destination {stream}"
        )
    if not found.enabled:
        raise ValidationException(otherwise)
    return found


def _answer(table: Table, destination: Destination, status: str, member: str) -> dict[str, Any]:
    told = {member: {_PRECISION: destination.precision}} if destination.precision else {}
    return {"TableName": table.name, "StreamArn": destination.stream, "DestinationStatus": status, **told}


def _described(destination: Destination) -> dict[str, Any]:
    return {
        "StreamArn": destination.stream,
        "DestinationStatus": "ACTIVE" if destination.enabled else "DISABLED",
        _PRECISION: destination.precision or "MILLISECOND",
    }
