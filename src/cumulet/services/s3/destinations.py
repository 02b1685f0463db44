"""The buckets into which S3 itself writes: reports of inventories and analyses.

S3 comes there as a service, for the sake of the bucket that the report is about, so the destination's policy has to
let s3.amazonaws.com in. Source: S3 User Guide, "Granting permissions for S3 Inventory and S3 analytics"."""

from __future__ import annotations

import re

from cumulet.services.s3.errors import InvalidS3DestinationBucket

_ARN = re.compile(r"arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])")


def name_of(arn: str) -> str:
    """The bucket's name. Raises InvalidS3DestinationBucket."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise InvalidS3DestinationBucket
    return found[1]
