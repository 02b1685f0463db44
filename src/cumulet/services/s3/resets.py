"""Forgetting what an account has: its buckets with all that is in them, and what is set for the account itself."""

from __future__ import annotations

from collections.abc import Iterator

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.forgetting import blobs_in
from cumulet.kernel.keys import Key
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import access_points, buckets, objects
from cumulet.services.s3.objects import Object


def forget_account(tx: Transaction, blobs: Blobs, account: str) -> None:
    """Every key of S3 names its kind and then a bucket or an account; but parts are of an upload, and annotations
    of a version."""
    access_points.forget_aliases(tx, account)
    names = [bucket.name for bucket in buckets.owned_by(tx, account)]
    for name in names:
        for upload in list(_uploads(tx, name)):
            _forget(tx, blobs, ("s3", "part", upload))
        for shelf in list(_shelves(tx, name)):
            _forget(tx, blobs, ("s3", "annotation", shelf))
    for space in list(_spaces(tx)):
        for name in (account, *names):
            _forget(tx, blobs, ("s3", space, name))


def _forget(tx: Transaction, blobs: Blobs, prefix: Key) -> None:
    for value in tx.range(prefix):
        for blob in blobs_in(value):
            blobs.release(tx, blob)
    tx.delete_range(prefix)


def _uploads(tx: ReadTransaction, bucket: str) -> Iterator[str]:
    """The uploads under way, and those that became objects."""
    yield from (upload.id for upload in tx.range(("s3", "upload", bucket)))
    yield from (each.upload for each in _versions(tx, bucket) if each.upload)


def _shelves(tx: ReadTransaction, bucket: str) -> Iterator[str]:
    yield from (each.annotations for each in _versions(tx, bucket) if each.annotations)


def _versions(tx: ReadTransaction, bucket: str) -> Iterator[Object]:
    for latest in objects.currents(tx, bucket):
        yield from (latest, *objects.older(tx, bucket, latest.key))


def _spaces(tx: ReadTransaction) -> Iterator[str]:
    """The kinds of keys that there are."""
    following = next(tx.items(("s3",), limit=1), None)
    while following is not None:
        space = following[0][1]
        yield space
        following = next(tx.items(("s3",), after=space, limit=1), None)
