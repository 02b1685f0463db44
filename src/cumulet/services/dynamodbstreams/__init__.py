"""Amazon DynamoDB Streams: the changes of a table's items in the last 24 hours, in order.

The streams are DynamoDB's; this service reads them. All of its operations work."""

from cumulet.services.dynamodbstreams.service import DynamoDBStreams

__all__ = ["DynamoDBStreams"]
