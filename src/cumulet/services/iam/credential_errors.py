"""The refusals of IAM that concern credentials and identity providers. The others are in errors.py."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class PasswordPolicyViolation(ServiceError):
    """The words tell which rule the password breaks."""


class EntityTemporarilyUnmodifiable(ServiceError):
    """Somebody else changed it at the same time; a new attempt will do."""


class InvalidUserType(ServiceError):
    message = "Only IAM Users can change their own password"


class InvalidAuthenticationCode(ServiceError):
    message = "Authentication code for device is not valid."


class MalformedCertificate(ServiceError):
    message = "Unable to parse certificate. Please ensure the certificate is in PEM format."


class InvalidCertificate(ServiceError):
    message = "The certificate is not valid now."


class DuplicateCertificate(ServiceError):
    message = "The certificate already belongs to a user."


class KeyPairMismatch(ServiceError):
    message = "The private key does not match the public key in the certificate."


class InvalidPublicKey(ServiceError):
    message = "The public key is not a valid RSA key in the SSH or the PEM format."


class DuplicateSSHPublicKey(ServiceError):
    message = "The SSH public key already belongs to the user."


class UnrecognizedPublicKeyEncoding(ServiceError):
    message = "The encoding is neither SSH nor PEM."


class NotSupportedService(ServiceError):
    """The service knows no credentials of its own."""

    def __init__(self, service: str) -> None:
        super().__init__(f"No such service {service[:200]} is supported for Service Specific Credentials")


class ReportNotPresent(ServiceError):
    message = "No report exists. Use GenerateCredentialReport to generate one."


class ReportExpired(ServiceError):
    message = "The most recent report is older than four hours. Use GenerateCredentialReport to generate a new one."


class ReportInProgress(ServiceError):
    message = "The report is still being generated."


class FeatureEnabled(ServiceError):
    message = "Outbound identity federation is already enabled for this account."


class FeatureDisabled(ServiceError):
    message = "Outbound identity federation is not enabled for this account."


class SignInFailed(ServiceError):
    """What the console says of a wrong name as of a wrong password or code: nothing is given away."""

    message = "Your authentication information is incorrect. Please try again."
    status = 401


class SignInTooSoon(ServiceError):
    """After several failures in a row the next attempt has to wait."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many failed attempts. Try again in {seconds} seconds.")


class PasswordExpired(ServiceError):
    """The password policy lets nobody change a password after it expired (hard expiry)."""

    message = "Your password has expired. Ask your administrator for a new one."
    status = 401


class OrganizationNotFoundException(ServiceError):
    message = "The account does not belong to an organization."
    status = 400


class AccountNotManagementOrDelegatedAdministratorException(ServiceError):
    message = "Only the organization's management account, or a delegated administrator for IAM, can do this."
    status = 400


class ServiceAccessNotEnabledException(ServiceError):
    message = "Trusted access for IAM is not enabled in the organization."
    status = 400
