"""CloudTrail's errors that need words of their own."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class TrailNotFoundException(ServiceError):
    @classmethod
    def of(cls, arn: str, account: str) -> TrailNotFoundException:
        return cls(f"Unknown trail: {arn} for the user: {account}")


class TrailAlreadyExistsException(ServiceError): ...


class MaximumNumberOfTrailsExceededException(ServiceError): ...


class InvalidTrailNameException(ServiceError): ...


class InvalidHomeRegionException(ServiceError): ...


class InvalidS3PrefixException(ServiceError): ...


class InvalidS3BucketNameException(ServiceError): ...


class S3BucketDoesNotExistException(ServiceError): ...


class InsufficientS3BucketPolicyException(ServiceError): ...


class InvalidParameterCombinationException(ServiceError): ...


class InvalidCloudWatchLogsLogGroupArnException(ServiceError): ...


class InvalidCloudWatchLogsRoleArnException(ServiceError): ...


class InvalidSnsTopicNameException(ServiceError): ...


class InvalidKmsKeyIdException(ServiceError): ...


class KmsKeyNotFoundException(ServiceError): ...


class InsufficientEncryptionPolicyException(ServiceError): ...


class CloudTrailARNInvalidException(ServiceError): ...


class ResourceNotFoundException(ServiceError): ...


class ResourceTypeNotSupportedException(ServiceError): ...


class InvalidTagParameterException(ServiceError): ...


class TagsLimitExceededException(ServiceError): ...


class InvalidEventSelectorsException(ServiceError): ...


class InvalidInsightSelectorsException(ServiceError): ...


class InsightNotEnabledException(ServiceError): ...


class InvalidLookupAttributesException(ServiceError): ...


class InvalidTimeRangeException(ServiceError): ...


class InvalidMaxResultsException(ServiceError): ...


class InvalidNextTokenException(ServiceError): ...


class InvalidTokenException(ServiceError): ...


class ThrottlingException(ServiceError):
    message = "Rate exceeded"


class OrganizationsNotInUseException(ServiceError): ...


class NotOrganizationManagementAccountException(ServiceError): ...


class OrganizationNotInAllFeaturesModeException(ServiceError): ...


class CloudTrailAccessNotEnabledException(ServiceError): ...


class InsufficientDependencyServiceAccessPermissionException(ServiceError): ...


class OperationNotPermittedException(ServiceError): ...


class InvalidParameterException(ServiceError): ...


class EventDataStoreNotFoundException(ServiceError):
    message = "The specified event data store was not found."


class EventDataStoreAlreadyExistsException(ServiceError): ...


class EventDataStoreARNInvalidException(ServiceError): ...


class EventDataStoreTerminationProtectedException(ServiceError): ...


class EventDataStoreMaxLimitExceededException(ServiceError): ...


class InactiveEventDataStoreException(ServiceError): ...


class InvalidEventDataStoreStatusException(ServiceError): ...
