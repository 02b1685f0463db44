"""The refusals of STS."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class ValidationError(ServiceError):
    """Input that breaks a rule; not in the model."""

    status = 400


class InvalidParameterValue(ServiceError):
    """Session tags that do not go together; not in the model."""

    status = 400


class MissingAuthenticationToken(ServiceError):
    message = "Request is missing Authentication Token"
    status = 403


class AccessDenied(ServiceError):
    status = 403


class MalformedPolicyDocument(ServiceError):
    status = 400


class PackedPolicyTooLarge(ServiceError):
    """Session policies and tags do not fit into a token."""

    status = 400


class InvalidIdentityToken(ServiceError):
    """What an identity provider is said to have given is not valid, or is not from that provider."""

    status = 400


class ExpiredTokenException(ServiceError):
    status = 400


class IDPRejectedClaim(ServiceError):
    status = 403


class IDPCommunicationError(ServiceError):
    """The identity provider could not be asked for its keys."""

    status = 400


class InvalidAuthorizationMessageException(ServiceError):
    message = "Message is not valid"
    status = 400
