"""Amazon S3: buckets, objects, and what is configured on them.

Works: see `cumulet coverage s3`. KMS keys are named but not used until KMS is here."""

from cumulet.services.s3.service import S3

__all__ = ["S3"]
