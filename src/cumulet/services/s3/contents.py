"""The bytes of an object, wherever they are: one blob, or the parts of an upload one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from cumulet.kernel.blobs import Blobs, Slice
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import encryption
from cumulet.services.s3.encryption import CustomerKey
from cumulet.services.s3.objects import Object
from cumulet.services.s3.ranges import Span


def open_span(
    tx: ReadTransaction, blobs: Blobs, found: Object, span: Span, customer: CustomerKey | None
) -> bytes | AsyncIterator[bytes]:
    """The plain bytes of `span`. They stay whole even if the object is replaced while they are read."""
    encryption.check_key(found.encryption, customer)
    if found.blob is not None:
        key = _data_key(found.encryption.wrapped_key if found.encryption else b"", customer)
        return blobs.read(tx, found.blob, span.start, span.stop, key=key)
    slices, position = [], 0
    for part in tx.range(("s3", "part", found.upload)):
        first, last = max(span.start - position, 0), min(span.stop - position, part.size)
        if first < last:
            slices.append(Slice(part.blob, first, last, _data_key(part.wrapped_key, customer)))
        position += part.size
        if position >= span.stop:
            break
    return blobs.read_all(tx, slices)


def part_span(tx: ReadTransaction, found: Object, number: int) -> tuple[Span, Any]:
    """Where part `number` (from 1) of a multipart object lies, and the part itself."""
    start = 0
    for index, part in enumerate(tx.range(("s3", "part", found.upload)), 1):
        if index == number:
            return Span(start, start + part.size, found.size), part
        start += part.size
    raise AssertionError("the number of parts was checked before")


def _data_key(wrapped: bytes, customer: CustomerKey | None) -> bytes | None:
    return customer.unwrap(wrapped) if customer is not None else None
