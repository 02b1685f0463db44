"""The bytes of an object, wherever they are: one blob, or the parts of an upload one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from cumulet.kernel.blobs import Blobs, Slice
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import encryption
from cumulet.services.s3.encryption import HeldKey
from cumulet.services.s3.kms_keys import KeyWanted, opens
from cumulet.services.s3.objects import Object
from cumulet.services.s3.ranges import Span


def open_span(
    tx: ReadTransaction, blobs: Blobs, found: Object, span: Span, held: HeldKey | None
) -> bytes | AsyncIterator[bytes]:
    """The plain bytes of `span`. They stay whole even if the object is replaced while they are read.

    Raises KeyWanted for an object that only KMS can open, unless `held` is what KMS gave."""
    encryption.check_key(found.encryption, held)
    if not opens(held, found.encryption):
        raise KeyWanted(found)
    if found.encryption is None or not found.encryption.is_held_by_owner:
        held = None
    if found.blob is not None:
        key = _data_key(found.encryption.wrapped_key if found.encryption else b"", held)
        return blobs.read(tx, found.blob, span.start, span.stop, key=key)
    slices, position = [], 0
    for part in tx.range(("s3", "part", found.upload)):
        first, last = max(span.start - position, 0), min(span.stop - position, part.size)
        if first < last:
            slices.append(Slice(part.blob, first, last, _data_key(part.wrapped_key, held)))
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


def _data_key(wrapped: bytes, held: HeldKey | None) -> bytes | None:
    return held.unwrap(wrapped) if held is not None else None
