"""Shard iterators: what a client holds to read a shard on. They say everything, so nothing is kept for them.

One says no more than its holder could have asked for, and each use of it is authorised, so it is not sealed."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta

import msgspec

from cumulet.services.dynamodbstreams.errors import ExpiredIteratorException, ValidationException

_VALID_FOR = timedelta(minutes=15)


class Iterator(msgspec.Struct, frozen=True, array_like=True):
    """`since` is a position as DynamoDB understands it; `made` in seconds since 1970."""

    stream: str
    shard: str
    since: int
    made: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, int, float]).decode


def written(iterator: Iterator) -> str:
    """Led by the stream's ARN, as AWS's are."""
    rest = _encode((iterator.shard, iterator.since, iterator.made))
    return f"{iterator.stream}|1|{base64.urlsafe_b64encode(rest).decode()}"


def read(text: str, now: datetime) -> Iterator:
    """Raises ValidationException for what is no iterator, ExpiredIteratorException for one older than 15 minutes."""
    stream, _, rest = text.partition("|1|")
    try:
        shard, since, made = _decode(base64.b64decode(rest, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise ValidationException("Invalid ShardIterator") from None
    if not 0 <= since < 1 << 62:
        raise ValidationException("Invalid ShardIterator")
    if now.timestamp() - made > _VALID_FOR.total_seconds():
        raise ExpiredIteratorException
    return Iterator(stream, shard, since, made)


def stream_of(text: str) -> str:
    """The ARN of the stream that an iterator is for."""
    return text.partition("|")[0]
