"""Who may do what with a bucket, until policies are evaluated in full.

An account may do everything with its own buckets. Strangers and anonymous callers may do what the bucket policy
plainly allows them (or, where ACLs are on, an ACL does), unless Block Public Access stands before it."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.service import RequestInfo
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import buckets
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import AccessDenied


def check_account(caller: Caller) -> None:
    """Raises AccessDenied for a caller without an account."""
    if caller.kind is Kind.ANONYMOUS:
        raise AccessDenied


def permitted(
    tx: ReadTransaction, caller: Caller, operation: str, parameters: dict[str, Any], request: RequestInfo
) -> Bucket:
    """The bucket that a call names, if the caller may make the call. Raises NoSuchBucket or AccessDenied."""
    bucket = buckets.get(tx, parameters["Bucket"])
    if caller.account != bucket.account:
        raise AccessDenied
    return bucket
