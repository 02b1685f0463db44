"""The refusals of SQS that have words of their own.

SQS moved from the query protocol to JSON and renamed some errors on the way: `query_code` is the old name, which
clients of both protocols still read."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class QueueDoesNotExist(ServiceError):
    """The URL names no queue, or one the caller may not know about."""

    message = "The specified queue does not exist."
    query_code = "AWS.SimpleQueueService.NonExistentQueue"


class QueueNameExists(ServiceError):
    """The name is taken by a queue with other attributes."""

    query_code = "QueueAlreadyExists"

    def __init__(self, attribute: str) -> None:
        super().__init__(f"A queue already exists with the same name and a different value for attribute {attribute}")


class QueueDeletedRecently(ServiceError):
    message = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    query_code = "AWS.SimpleQueueService.QueueDeletedRecently"


class PurgeQueueInProgress(ServiceError):
    query_code = "AWS.SimpleQueueService.PurgeQueueInProgress"

    def __init__(self, name: str) -> None:
        super().__init__(f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.")


class InvalidAddress(ServiceError):
    query_code = "InvalidAddress"

    def __init__(self, url: str) -> None:
        super().__init__(f"The address {url[:300]} is not valid for this endpoint.")


class AccessDenied(ServiceError):
    code = "AccessDeniedException"
    query_code = "AccessDenied"
    status = 403


class InvalidParameterValue(ServiceError):
    code = "InvalidParameterValueException"
    query_code = "InvalidParameterValue"

    @classmethod
    def of(cls, name: str, value: object, reason: str) -> InvalidParameterValue:
        return cls(f"Value {value} for parameter {name} is invalid. Reason: {reason}")


class MissingParameter(ServiceError):
    code = "MissingRequiredParameterException"
    query_code = "MissingParameter"

    def __init__(self, name: str) -> None:
        super().__init__(f"The request must contain the parameter {name}.")


class InvalidAttributeName(ServiceError):
    @classmethod
    def unknown(cls, name: str) -> InvalidAttributeName:
        return cls(f"Unknown Attribute {name[:200]}.")


class InvalidAttributeValue(ServiceError):
    @classmethod
    def of(cls, name: str, reason: str = "") -> InvalidAttributeValue:
        return cls(f"Invalid value for the parameter {name}." + (f" Reason: {reason}" if reason else ""))


class InvalidMessageContents(ServiceError):
    def __init__(self, character: str) -> None:
        super().__init__(
            f"Invalid binary character '#x{ord(character):X}' was found in the message body, the set of allowed "
            "characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        )


class ReceiptHandleIsInvalid(ServiceError):
    def __init__(self, handle: str) -> None:
        super().__init__(f'The input receipt handle "{handle[:1024]}" is not a valid receipt handle.')


class OverLimit(ServiceError):
    message = "The maximum number of in flight messages is reached."
    query_code = "OverLimit"
    status = 403


class RequestThrottled(ServiceError):
    """More calls in a second than the queue takes."""

    message = "Rate exceeded"


class ResourceNotFoundException(ServiceError):
    status = 404

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The resource that you specified for the {parameter} parameter doesn't exist.")


class EmptyBatchRequest(ServiceError):
    query_code = "AWS.SimpleQueueService.EmptyBatchRequest"

    def __init__(self, entry: str) -> None:
        super().__init__(f"There should be at least one {entry} in the request.")


class TooManyEntriesInBatchRequest(ServiceError):
    query_code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"

    def __init__(self, count: int) -> None:
        super().__init__(f"Maximum number of entries per request are 10. You have sent {count}.")


class BatchEntryIdsNotDistinct(ServiceError):
    query_code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"

    def __init__(self, repeated: str) -> None:
        super().__init__(f"Id {repeated} repeated.")


class InvalidBatchEntryId(ServiceError):
    message = (
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
        "It can be at most 80 letters long."
    )
    query_code = "AWS.SimpleQueueService.InvalidBatchEntryId"


class BatchRequestTooLong(ServiceError):
    query_code = "AWS.SimpleQueueService.BatchRequestTooLong"

    def __init__(self, limit: int, size: int) -> None:
        super().__init__(f"Batch requests cannot be longer than {limit} bytes. You have sent {size} bytes.")


class KmsAccessDenied(ServiceError):
    query_code = "KMS.AccessDeniedException"


class KmsDisabled(ServiceError):
    query_code = "KMS.DisabledException"


class KmsInvalidKeyUsage(ServiceError):
    query_code = "KMS.InvalidKeyUsageException"


class KmsInvalidState(ServiceError):
    query_code = "KMS.InvalidStateException"


class KmsNotFound(ServiceError):
    query_code = "KMS.NotFoundException"


class KmsThrottled(ServiceError):
    query_code = "KMS.ThrottlingException"


_OF_KMS: dict[str, type[ServiceError]] = {
    "AccessDenied": KmsAccessDenied,
    "AccessDeniedException": KmsAccessDenied,
    "DisabledException": KmsDisabled,
    "IncorrectKeyException": KmsInvalidKeyUsage,
    "InvalidArnException": KmsNotFound,
    "InvalidKeyUsageException": KmsInvalidKeyUsage,
    "NotFoundException": KmsNotFound,
    "ThrottlingException": KmsThrottled,
    "ValidationException": KmsNotFound,  # what is no key's name names no key
}


def of_kms(refusal: ServiceError) -> ServiceError:
    """What SQS answers when KMS refuses."""
    return _OF_KMS.get(refusal.code, KmsInvalidState)(refusal.message)
