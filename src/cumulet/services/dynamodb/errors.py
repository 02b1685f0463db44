"""Errors of DynamoDB that need words of their own."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.errors import ServiceError

INVALID = "One or more parameter values were invalid: "


class ValidationException(ServiceError):
    """The request says what cannot be."""

    status = 400

    @classmethod
    def of_constraint(cls, path: str, value: str | None, constraint: str) -> ValidationException:
        """In the words of constraints that the model lacks but AWS checks."""
        shown = "null" if value is None else f"'{value}'"
        return cls(f"1 validation error detected: Value {shown} at '{path}' failed to satisfy constraint: {constraint}")


class ResourceNotFoundException(ServiceError):
    message = "Requested resource not found"

    @classmethod
    def of_table(cls, name: str) -> ResourceNotFoundException:
        return cls(f"Requested resource not found: Table: {name} not found")

    @classmethod
    def of_arn(cls, arn: str) -> ResourceNotFoundException:
        """AWS's own spelling."""
        return cls(f"Requested resource not found: ResourcArn: {arn} not found")


class TableNotFoundException(ServiceError):
    @classmethod
    def of(cls, name: str) -> TableNotFoundException:
        return cls(f"Table not found: {name}")


class ResourceInUseException(ServiceError):
    @classmethod
    def exists(cls, name: str) -> ResourceInUseException:
        return cls(f"Table already exists: {name}")

    @classmethod
    def changing(cls, name: str) -> ResourceInUseException:
        return cls(f"Attempt to change a resource which is still in use: Table is being created: {name}")


class ConditionalCheckFailedException(ServiceError):
    """Where AWS shows the item, it spells the message's member otherwise than its model does (seen in its answers)."""

    message = "The conditional request failed"

    def __init__(self, message: str | None = None, /, **members: Any) -> None:
        super().__init__(message, **members)
        if "Item" in members:
            self.members = {"Message": self.message, **members}


class ItemTooLarge(ValidationException):
    """More than an item may hold."""

    code = "ValidationException"
    message = "Item size has exceeded the maximum allowed size"


class ItemCollectionSizeLimitExceededException(ServiceError):
    message = "Item collection size limit of 10 GB exceeded"


class ProvisionedThroughputExceededException(ServiceError):
    """More than is provisioned was wanted; ThrottlingReasons says of what."""

    status = 400


class ThrottlingException(ServiceError):
    """More than can be had on demand was wanted; ThrottlingReasons says of what."""

    status = 400


class LimitExceededException(ServiceError):
    pass


class PolicyNotFoundException(ServiceError):
    @classmethod
    def of(cls, arn: str) -> PolicyNotFoundException:
        return cls(f"Resource-based policy not found for the provided ResourceArn: {arn}")


class TrimmedDataAccessException(ServiceError):
    message = "The operation attempted to read past the oldest stream record in a shard."


class EmptyKey(ValidationException):
    """A key attribute is empty: what is wrong with the request itself, whatever the table."""

    code = "ValidationException"


class DuplicateItemException(ServiceError):
    message = "Duplicate primary key exists in table"


class IdempotentParameterMismatchException(ServiceError):
    message = "The client request token was already used with a request of other parameters"


class TransactionCanceledException(ServiceError):
    """Nothing of a transaction was done; CancellationReasons says why, action by action."""


class GlobalTableNotFoundException(ServiceError):
    @classmethod
    def of(cls, name: str) -> GlobalTableNotFoundException:
        return cls(f"Global table with name: '{name}' does not exist.")


class GlobalTableAlreadyExistsException(ServiceError):
    @classmethod
    def of(cls, name: str) -> GlobalTableAlreadyExistsException:
        return cls(f"Global table with name: '{name}' already exists.")


class ReplicaAlreadyExistsException(ServiceError):
    pass


class ReplicaNotFoundException(ServiceError):
    pass


class IndexNotFoundException(ServiceError):
    pass


class TableAlreadyExistsException(ServiceError):
    @classmethod
    def of(cls, name: str) -> TableAlreadyExistsException:
        return cls(f"Table already exists: {name}")


class ContinuousBackupsUnavailableException(ServiceError):
    @classmethod
    def of(cls, name: str) -> ContinuousBackupsUnavailableException:
        return cls(f"Backups are being enabled for the table: {name}. Please retry later")


class BackupNotFoundException(ServiceError):
    @classmethod
    def of(cls, arn: str) -> BackupNotFoundException:
        return cls(f"Backup not found: {arn}")


class BackupInUseException(ServiceError):
    @classmethod
    def of(cls, arn: str, why: str) -> BackupInUseException:
        return cls(f"Backup is being {why}: {arn}")


class PointInTimeRecoveryUnavailableException(ServiceError):
    @classmethod
    def of(cls, name: str) -> PointInTimeRecoveryUnavailableException:
        return cls(f"Point in time recovery is not enabled for table '{name}'")


class InvalidRestoreTimeException(ServiceError):
    message = (
        "An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime and "
        "LatestRestorableDateTime."
    )


class InvalidExportTimeException(ServiceError):
    message = "The specified ExportTime is outside of the point in time recovery window."


class ExportNotFoundException(ServiceError):
    @classmethod
    def of(cls, arn: str) -> ExportNotFoundException:
        return cls(f"Export not found: {arn}")


class ExportConflictException(ServiceError):
    message = "The ClientToken was used before, for another export."


class ImportNotFoundException(ServiceError):
    @classmethod
    def of(cls, arn: str) -> ImportNotFoundException:
        return cls(f"Import not found: {arn}")


class ImportConflictException(ServiceError):
    message = "The ClientToken was used before, for another import."
