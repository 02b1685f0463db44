"""Amazon DynamoDB Streams as its clients see it. The streams themselves are kept by DynamoDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from cumulet.kernel import actions
from cumulet.kernel.access import Need
from cumulet.kernel.kernel import Client
from cumulet.kernel.service import Service, arn_account, internal
from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodbstreams import iterators
from cumulet.services.dynamodbstreams.errors import ValidationException
from cumulet.services.dynamodbstreams.iterators import Iterator

Answer = dict[str, Any]

_MOST_LISTED = 100
_MOST_RECORDS = 1000


class DynamoDBStreams(Service):
    principal = "dynamodb"
    data_operations = frozenset({"get_records", "get_shard_iterator"})

    _arn: str | None = None
    """The stream that the call is about, and its policy."""
    _policy: str | None = None

    async def list_streams(
        self, *, TableName: str | None = None, ExclusiveStartStreamArn: str | None = None, Limit: int | None = None
    ) -> Answer:
        limit = _page_size(Limit, _MOST_LISTED)
        found = await self._dynamodb.streams(table=TableName, after=ExclusiveStartStreamArn, limit=limit + 1)
        more = {"LastEvaluatedStreamArn": found[limit - 1]["StreamArn"]} if len(found) > limit else {}
        return {"Streams": found[:limit], **more}

    async def describe_stream(
        self,
        *,
        StreamArn: str,
        Limit: int | None = None,
        ExclusiveStartShardId: str | None = None,
        ShardFilter: dict[str, str] | None = None,
    ) -> Answer:
        limit = _page_size(Limit, _MOST_LISTED)
        parent = _parent_in(ShardFilter)
        found = await self._dynamodb.stream(arn=StreamArn, after=ExclusiveStartShardId, limit=limit, children_of=parent)
        return {"StreamDescription": found}

    async def get_shard_iterator(
        self,
        *,
        StreamArn: str,
        ShardId: str,
        ShardIteratorType: str,
        SequenceNumber: str | None = None,
        Timestamp: datetime | None = None,
    ) -> Answer:
        since = await self._dynamodb.stream_position(
            arn=StreamArn, shard=ShardId, kind=ShardIteratorType, sequence=SequenceNumber, since=Timestamp
        )
        return {"ShardIterator": self._iterator(StreamArn, ShardId, since)}

    async def get_records(self, *, ShardIterator: str, Limit: int | None = None) -> Answer:
        return await self._records(ShardIterator, Limit, 0)

    @internal
    async def next_records(self, *, ShardIterator: str, WaitSeconds: float, Limit: int | None = None) -> Answer:
        """As get_records, with its permission, but waits up to `WaitSeconds` until there is a record or the shard ends.

        For those who would poll otherwise: event source mappings, pipes."""
        await self.authorise("get_records", {"ShardIterator": ShardIterator})
        return await self._records(ShardIterator, Limit, WaitSeconds)

    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        """The policy of a stream is kept by DynamoDB. Raises AccessDeniedException."""
        self._arn = _stream_named(parameters)
        if self._arn is not None:
            self._policy = await self._dynamodb.stream_policy(arn=self._arn)
        await super().authorise(operation, parameters)

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        """A stream belongs to the account in its ARN."""
        arn = self._arn
        for need in actions.needs(self.name, operation, self.scope, parameters):
            if arn is not None:
                need = msgspec.structs.replace(need, resource=arn, account=arn_account(arn), policy=self._policy)
            yield need

    @property
    def _dynamodb(self) -> Client:
        return self.client("dynamodb")

    async def _records(self, text: str, limit: int | None, wait_seconds: float) -> Answer:
        at = iterators.read(text, self.clock.now())
        size = _page_size(limit, _MOST_RECORDS)
        found, following = await self._dynamodb.stream_records(
            arn=at.stream, shard=at.shard, since=at.since, limit=size, wait_seconds=wait_seconds
        )
        if following is None:
            return {"Records": found}
        return {"Records": found, "NextShardIterator": self._iterator(at.stream, at.shard, following)}

    def _iterator(self, stream: str, shard: str, since: int) -> str:
        return iterators.written(Iterator(stream, shard, since, self.clock.now().timestamp()))


def _stream_named(parameters: Mapping[str, Any]) -> str | None:
    """A shard iterator names its stream. None where no stream can have the name."""
    named = parameters.get("StreamArn")
    if "ShardIterator" in parameters:
        named = iterators.stream_of(parameters["ShardIterator"])
    return named if named is not None and arn_account(named) else None


def _page_size(wanted: int | None, most: int) -> int:
    if wanted is not None and wanted > most:
        raise ValidationException.too_large(wanted, most)
    return most if wanted is None else wanted


def _parent_in(shard_filter: dict[str, str] | None) -> str | None:
    """The shard whose children are asked for. Raises ValidationException."""
    if not shard_filter:
        return None
    if shard_filter.get("Type") != "CHILD_SHARDS" or not shard_filter.get("ShardId"):
        raise ValidationException("ShardFilter needs the Type CHILD_SHARDS and a ShardId")
    return shard_filter["ShardId"]
