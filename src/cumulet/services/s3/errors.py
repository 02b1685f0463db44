"""The refusals of Amazon S3, in its own words. Source: S3 API Reference, error responses."""

from __future__ import annotations

from cumulet.kernel.errors import AccessDenied, ServiceError

__all__ = ["AccessDenied"]


class NoSuchBucket(ServiceError):
    message = "The specified bucket does not exist"
    status = 404


class NoSuchKey(ServiceError):
    message = "The specified key does not exist."
    status = 404


class NoSuchVersion(ServiceError):
    message = "The specified version does not exist."
    status = 404


class NoSuchUpload(ServiceError):
    message = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed."
    )
    status = 404


class NotFound(ServiceError):
    """What a HEAD answers: it has no body to say more in."""

    code = "404"
    message = "Not Found"
    status = 404


class NotModified(ServiceError):
    message = "Not Modified"
    status = 304


class PreconditionFailed(ServiceError):
    message = "At least one of the pre-conditions you specified did not hold"
    status = 412


class ConditionalRequestConflict(ServiceError):
    message = "The conditional request cannot succeed due to a conflicting operation against this resource."
    status = 409


class InvalidRange(ServiceError):
    message = "The requested range is not satisfiable"
    status = 416


class InvalidPartNumber(ServiceError):
    message = "The requested partnumber is not satisfiable"
    status = 416


class MethodNotAllowed(ServiceError):
    message = "The specified method is not allowed against this resource."
    status = 405


class BucketAlreadyOwnedByYou(ServiceError):
    message = "Your previous request to create the named bucket succeeded and you already own it."
    status = 409


class BucketAlreadyExists(ServiceError):
    message = (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )
    status = 409


class BucketNotEmpty(ServiceError):
    message = "The bucket you tried to delete is not empty"
    status = 409


class TooManyBuckets(ServiceError):
    message = "You have attempted to create more buckets than allowed"


class InvalidBucketName(ServiceError):
    message = "The specified bucket is not valid."


class InvalidBucketState(ServiceError):
    status = 409


class IllegalLocationConstraintException(ServiceError):
    pass


class InvalidLocationConstraint(ServiceError):
    message = "The specified location-constraint is not valid"


class InvalidArgument(ServiceError):
    """Give the argument by keyword: `InvalidArgument("Invalid id", ArgumentName="id", ArgumentValue="x")`."""


class InvalidRequest(ServiceError):
    pass


class InvalidTag(ServiceError):
    pass


class InvalidStorageClass(ServiceError):
    message = "The storage class you specified is not valid"


class InvalidObjectState(ServiceError):
    message = "The operation is not valid for the object's storage class"
    status = 403


class KeyTooLongError(ServiceError):
    message = "Your key is too long"


class EntityTooLarge(ServiceError):
    message = "Your proposed upload exceeds the maximum allowed size"


class EntityTooSmall(ServiceError):
    message = "Your proposed upload is smaller than the minimum allowed size"


class MetadataTooLarge(ServiceError):
    message = "Your metadata headers exceed the maximum allowed metadata size"


class IncompleteBody(ServiceError):
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"


class BadDigest(ServiceError):
    message = "The Content-MD5 you specified did not match what we received."


class InvalidDigest(ServiceError):
    message = "The Content-MD5 you specified was invalid."


class InvalidPart(ServiceError):
    message = (
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
        "specified entity tag may not match the part's entity tag."
    )


class InvalidPartOrder(ServiceError):
    message = "The list of parts was not in ascending order. Parts must be ordered by part number."


class InvalidEncryptionAlgorithmError(ServiceError):
    message = "The Encryption request you specified is not valid. Supported value: AES256."


class MalformedXML(ServiceError):
    message = "The XML you provided was not well-formed or did not validate against our published schema"


class NoSuchTagSet(ServiceError):
    message = "The TagSet does not exist"
    status = 404


class MissingContentLength(ServiceError):
    message = "You must provide the Content-Length HTTP header."
    status = 411


class BadRequest(ServiceError):
    pass


class RestoreAlreadyInProgress(ServiceError):
    message = "Object restore is already in progress"
    status = 409


class GlacierExpeditedRetrievalNotAvailable(ServiceError):
    message = "Glacier expedited retrievals are currently not available. Try again later."
    status = 503


class NoSuchConfiguration(ServiceError):
    message = "The specified configuration does not exist."
    status = 404


class NoSuchLifecycleConfiguration(ServiceError):
    message = "The lifecycle configuration does not exist"
    status = 404


class NoSuchObjectLockConfiguration(ServiceError):
    message = "The specified object does not have a ObjectLock configuration"
    status = 404


class ObjectLockConfigurationNotFoundError(ServiceError):
    message = "Object Lock configuration does not exist for this bucket"
    status = 404


class ReplicationConfigurationNotFoundError(ServiceError):
    message = "The replication configuration was not found"
    status = 404


class NotDeviceOwnerError(ServiceError):
    message = "The device that generated the token is not owned by the authenticated user."


class MalformedPolicy(ServiceError):
    message = "This policy contains invalid Json"


class NoSuchBucketPolicy(ServiceError):
    message = "The bucket policy does not exist"
    status = 404


class NoSuchPublicAccessBlockConfiguration(ServiceError):
    message = "The public access block configuration was not found"
    status = 404


class OwnershipControlsNotFoundError(ServiceError):
    message = "The bucket ownership controls were not found"
    status = 404


class AccessControlListNotSupported(ServiceError):
    message = "The bucket does not allow ACLs"


class InvalidBucketAclWithObjectOwnership(ServiceError):
    message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"


class InvalidBucketAclWithBlockPublicAccessError(ServiceError):
    message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"


class MalformedACLError(ServiceError):
    message = "The XML you provided was not well-formed or did not validate against our published schema"


class MissingSecurityHeader(ServiceError):
    message = "Your request was missing a required header"


class UnexpectedContent(ServiceError):
    message = "This request does not support content"


class UnresolvableGrantByEmailAddress(ServiceError):
    message = "The e-mail address you provided does not match any account on record."


class NoSuchCORSConfiguration(ServiceError):
    message = "The CORS configuration does not exist"
    status = 404


class AccessForbidden(ServiceError):
    message = "CORSResponse: This CORS request is not allowed."
    status = 403


class NoSuchWebsiteConfiguration(ServiceError):
    message = "The specified bucket does not have a website configuration"
    status = 404


class InvalidRedirectLocation(ServiceError):
    message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."


class InvalidTargetBucketForLogging(ServiceError):
    message = "The target bucket for logging does not exist"


class CrossLocationLoggingProhibitted(ServiceError):
    """AWS spells it so."""

    message = "Cross S3 location logging not allowed."
    status = 403


class TooManyConfigurations(ServiceError):
    message = "You are attempting to create a new configuration but have already reached the 1,000-configuration limit."


class IdMismatch(ServiceError):
    message = "Document ID does not match the specified configuration ID."


class InvalidS3DestinationBucket(ServiceError):
    message = "Invalid bucket ARN."


class NoSuchAccessPoint(ServiceError):
    message = "The specified accesspoint does not exist"
    status = 404


class NoSuchAccessPointPolicy(ServiceError):
    message = "The specified accesspoint policy does not exist"
    status = 404


class AccessPointAlreadyOwnedByYou(ServiceError):
    message = "Your previous request to create the named accesspoint succeeded and you already own it."
    status = 409


class TooManyAccessPoints(ServiceError):
    message = "You have attempted to create more access points than are allowed for an account."


class BucketHasAccessPointsAttached(ServiceError):
    message = "The bucket you tried to delete has access points attached. Delete your access points and try again."


class MetadataConfigurationNotFound(ServiceError):
    message = "The metadata configuration was not found"
    status = 404


class MetadataConfigurationAlreadyExists(ServiceError):
    message = "A metadata configuration already exists on this bucket."
    status = 409


class NoSuchAnnotation(ServiceError):
    message = "The specified annotation does not exist on this object."
    status = 404


class InvalidAnnotationName(ServiceError):
    message = "The annotation name you provided is invalid."


class AnnotationNameTooLong(ServiceError):
    message = "The annotation name exceeds 512 bytes."


class AnnotationLimitExceeded(ServiceError):
    message = "The request would exceed the maximum number of annotations allowed per object."


class InvalidPrefix(ServiceError):
    message = "The annotation prefix you provided is invalid."


class UnsupportedMediaType(ServiceError):
    message = "The annotation payload is not valid UTF-8 encoded text."
    status = 415


class InvalidBucketOwnerAWSAccountID(ServiceError):
    message = "The value of the expected bucket owner parameter must be an AWS account ID"
