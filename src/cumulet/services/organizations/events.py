"""What Organizations hears of: its own events, which are told to CloudTrail."""

SUBSCRIPTIONS = {"organizations.*": "record_event"}
