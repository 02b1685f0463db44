"""Requester Pays: strangers who want what is in the bucket have to say that they will pay for it.

Source: S3 User Guide, "Using Requester Pays general purpose buckets"."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.identity import Caller, Kind
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import AccessDenied, MalformedXML

KIND = "request-payment"
REQUESTER, OWNER = "Requester", "BucketOwner"
_ACKNOWLEDGED = "requester"


def payer_in(configuration: dict[str, Any]) -> str:
    """Raises MalformedXML."""
    payer: str = configuration.get("Payer", "")
    if payer not in (REQUESTER, OWNER):
        raise MalformedXML
    return payer


def is_charged(bucket: Bucket, caller: Caller, parameters: dict[str, Any], headers: Any) -> bool:
    """Whether the caller pays for the call. Raises AccessDenied for strangers who do not agree to, and for everybody
    without an account, who cannot pay.

    Browsers and signed URLs say it by header or query, of which not every operation's model knows."""
    if not bucket.has(KIND) or caller.account == bucket.account or caller.kind is Kind.SERVICE:
        return False
    said = parameters.get("RequestPayer") or headers.get("x-amz-request-payer")
    if caller.kind is Kind.ANONYMOUS or said != _ACKNOWLEDGED:
        raise AccessDenied
    return True
