"""Errors of DynamoDB that need words of their own."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class ValidationException(ServiceError):
    """The request says what cannot be."""

    status = 400


class ResourceNotFoundException(ServiceError):
    message = "Requested resource not found"

    @classmethod
    def of_table(cls, name: str) -> ResourceNotFoundException:
        return cls(f"Requested resource not found: Table: {name} not found")


class ResourceInUseException(ServiceError):
    @classmethod
    def exists(cls, name: str) -> ResourceInUseException:
        return cls(f"Table already exists: {name}")

    @classmethod
    def changing(cls, name: str) -> ResourceInUseException:
        return cls(f"Attempt to change a resource which is still in use: Table is being created: {name}")


class ConditionalCheckFailedException(ServiceError):
    message = "The conditional request failed"


class LimitExceededException(ServiceError):
    pass
