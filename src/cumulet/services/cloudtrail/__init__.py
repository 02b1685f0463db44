"""AWS CloudTrail: the event history of every account, trails that deliver it to S3 with signed digests, and tags.

Event data stores, insight selectors and event configurations are kept without effect; their queries, channels,
dashboards and imports are missing. See docs/services/cloudtrail.md."""

from cumulet.services.cloudtrail.service import CloudTrail

__all__ = ["CloudTrail"]
