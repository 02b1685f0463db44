"""Amazon DynamoDB: tables, their items and indexes, and what follows a change.

What works and what differs from AWS is told in docs/services/dynamodb.md and by `cumulet coverage dynamodb`."""

from cumulet.services.dynamodb.service import DynamoDB

__all__ = ["DynamoDB"]
