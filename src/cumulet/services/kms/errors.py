"""The refusals of KMS, in its words."""

from __future__ import annotations

from cumulet.kernel.errors import AccessDeniedException, ServiceError


class ValidationException(ServiceError):
    """KMS answers it for whatever is wrong with a request; its model does not list it."""

    status = 400


class NotFoundException(ServiceError):
    @classmethod
    def key(cls, arn: str) -> NotFoundException:
        return cls(f"Key '{arn}' does not exist")

    @classmethod
    def key_id(cls, given: str) -> NotFoundException:
        return cls(f"Invalid keyId '{given[:2048]}'")

    @classmethod
    def region(cls, region: str) -> NotFoundException:
        """An ARN of another Region than the one asked."""
        return cls(f"Invalid arn {region}")

    @classmethod
    def alias(cls, arn: str) -> NotFoundException:
        return cls(f"Alias {arn} is not found.")


class InvalidArnException(ServiceError):
    pass


class NotAuthorizedException(ServiceError):
    """What nobody may do to what AWS manages. The model does not list it."""

    status = 400


class DisabledException(ServiceError):
    def __init__(self, arn: str) -> None:
        super().__init__(f"{arn} is disabled.")


class KMSInvalidStateException(ServiceError):
    pass


class KeyUnavailableException(ServiceError):
    pass


class InvalidKeyUsageException(ServiceError):
    @classmethod
    def usage(cls, arn: str, usage: str, operation: str) -> InvalidKeyUsageException:
        return cls(f"{arn} key usage is {usage} which is not valid for {operation}.")

    @classmethod
    def algorithm(cls, algorithm: str, spec: str) -> InvalidKeyUsageException:
        return cls(f"Algorithm {algorithm} is incompatible with key spec {spec}.")


class UnsupportedOperationException(ServiceError):
    @classmethod
    def origin(cls, arn: str, origin: str) -> UnsupportedOperationException:
        return cls(f"{arn} origin is {origin} which is not valid for this operation.")

    @classmethod
    def spec(cls, arn: str, spec: str) -> UnsupportedOperationException:
        return cls(f"{arn} key spec is {spec} which is not valid for this operation.")


class InvalidCiphertextException(ServiceError):
    """Bytes that no key of ours made, or another encryption context than they were made with. KMS says no more."""


class IncorrectKeyException(ServiceError):
    message = "The key ID in the request does not identify a CMK that can perform this operation."


class KMSInvalidSignatureException(ServiceError):
    pass


class KMSInvalidMacException(ServiceError):
    pass


class DryRunOperationException(ServiceError):
    message = "The request would have succeeded, but the DryRun option is set."


class AlreadyExistsException(ServiceError):
    pass


class LimitExceededException(ServiceError):
    pass


class InvalidAliasNameException(ServiceError):
    pass


class InvalidMarkerException(ServiceError):
    message = "Could not deserialize the marker"


class InvalidGrantIdException(ServiceError):
    pass


class InvalidGrantTokenException(ServiceError):
    message = "The grant token is not valid."


class MalformedPolicyDocumentException(ServiceError):
    pass


class TagException(ServiceError):
    pass


class IncorrectKeyMaterialException(ServiceError):
    message = (
        "The key material in the request is not identical to the key material that was previously imported into this "
        "KMS key."
    )


class InvalidImportTokenException(ServiceError):
    message = "The import token is not valid for this KMS key."


class ExpiredImportTokenException(ServiceError):
    message = "The import token has expired."


class ConflictException(ServiceError):
    pass


class CustomKeyStoreNotFoundException(ServiceError):
    pass


class CloudHsmClusterNotFoundException(ServiceError):
    pass


class ThrottlingException(ServiceError):
    """More calls in a second than the quota allows. The model does not list it."""

    message = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
    status = 400


def unseen(caller_arn: str, action: str, resource: str) -> AccessDeniedException:
    """What KMS tells of keys of other accounts, whether they exist or not."""
    return AccessDeniedException(
        f"User: {caller_arn or 'anonymous'} is not authorized to perform: {action} on resource: {resource} because "
        "the resource does not exist in this Region, no resource-based policies allow access, or a resource-based "
        "policy explicitly denies access"
    )


def unknown_ciphertext() -> AccessDeniedException:
    """What KMS tells of a ciphertext whose key is not here."""
    return AccessDeniedException(
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you "
        "are not allowed to access."
    )
