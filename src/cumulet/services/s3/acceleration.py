"""Transfer Acceleration: a second address for a bucket, which it answers to while the setting is on.

There is no edge network here: both addresses lead straight to the bucket. Source: S3 User Guide, "Configuring fast,
secure file transfers using Amazon S3 Transfer Acceleration"."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import buckets
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import InvalidRequest, MalformedXML

KIND = "accelerate"
_STATUSES = ("Enabled", "Suspended")
_LABEL = ".s3-accelerate."


def check(configuration: dict[str, Any], bucket: str) -> None:
    """Raises InvalidRequest for a bucket that cannot be accelerated, MalformedXML for another status."""
    if "." in bucket:
        raise InvalidRequest("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")
    if configuration.get("Status") not in _STATUSES:
        raise MalformedXML


def check_address(tx: ReadTransaction, bucket: Bucket, host: str) -> None:
    """Raises InvalidRequest if the accelerated address is used while it is off."""
    if _LABEL not in host:
        return
    setting = buckets.configuration(tx, bucket.name, KIND) if bucket.has(KIND) else None
    if setting is None:
        raise InvalidRequest("S3 Transfer Acceleration is not configured on this bucket")
    if setting["Status"] != "Enabled":
        raise InvalidRequest("S3 Transfer Acceleration is disabled on this bucket")
