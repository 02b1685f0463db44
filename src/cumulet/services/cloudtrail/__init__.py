"""AWS CloudTrail: the event history of every account, trails that deliver it to S3 with signed digests, event data
stores that answer SQL, channels, imports, and dashboards whose queries run.

Insights events are missing; insight selectors, event configurations and federation are kept without effect. See
docs/services/cloudtrail.md."""

from cumulet.services.cloudtrail.service import CloudTrail

__all__ = ["CloudTrail"]
