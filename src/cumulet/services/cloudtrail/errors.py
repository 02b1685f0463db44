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


class EventDataStoreFederationEnabledException(ServiceError): ...


class InvalidEventDataStoreCategoryException(ServiceError): ...


class InvalidQueryStatementException(ServiceError): ...


class InvalidQueryStatusException(ServiceError): ...


class QueryIdNotFoundException(ServiceError):
    message = "The query ID does not exist or does not map to a query."


class InactiveQueryException(ServiceError): ...


class MaxConcurrentQueriesException(ServiceError): ...


class InvalidSourceException(ServiceError): ...


class InvalidDateRangeException(ServiceError): ...


class ChannelNotFoundException(ServiceError):
    message = "CloudTrail cannot find the specified channel."


class ChannelAlreadyExistsException(ServiceError): ...


class ChannelARNInvalidException(ServiceError): ...


class ChannelMaxLimitExceededException(ServiceError): ...


class ChannelExistsForEDSException(ServiceError): ...


class InvalidImportSourceException(ServiceError): ...


class ImportNotFoundException(ServiceError):
    message = "The specified import was not found."


class AccountHasOngoingImportException(ServiceError): ...


class ResourcePolicyNotFoundException(ServiceError): ...


class ResourcePolicyNotValidException(ServiceError): ...


class ResourceARNNotValidException(ServiceError): ...


class ConflictException(ServiceError): ...


class ServiceQuotaExceededException(ServiceError): ...


class InsufficientIAMAccessPermissionException(ServiceError): ...
