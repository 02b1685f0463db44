"""Amazon S3: buckets, objects, and what is configured on them.

Works: see `cumulet coverage s3`. Notifications are delivered to SQS queues; those for SNS topics and Lambda functions
are told in the log of events (s3.NotificationUndelivered) until these are here. Inventories are written as CSV, not as
ORC or Parquet; metrics configurations are only kept."""

from cumulet.services.s3.service import S3

__all__ = ["S3"]
