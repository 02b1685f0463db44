"""The refusals of SQS that have words of their own."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class QueueDoesNotExist(ServiceError):
    """The URL names no queue, or one the caller may not know about."""

    message = "The specified queue does not exist."
    query_code = "AWS.SimpleQueueService.NonExistentQueue"


class InvalidParameterValue(ServiceError):
    status = 400


class InvalidAttributeName(ServiceError):
    status = 400


class InvalidAttributeValue(ServiceError):
    status = 400
