"""AWS CloudTrail Data Service: events of other applications, on their way into an event data store by a channel."""

from cumulet.services.cloudtrail_data.service import CloudTrailData

__all__ = ["CloudTrailData"]
