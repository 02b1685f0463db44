"""The refusals of IAM that its nouns share. Those of credentials are in credential_errors.py."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class ValidationError(ServiceError):
    """Input that breaks a rule of IAM's own; not in the model."""

    status = 400


class InvalidInput(ServiceError):
    """Values that each are right and do not go together."""

    status = 400


class NoSuchEntity(ServiceError):
    status = 404

    @classmethod
    def of(cls, kind: str, name: str) -> NoSuchEntity:
        return cls(f"The {kind} with name {name} cannot be found.")


class EntityAlreadyExists(ServiceError):
    status = 409

    @classmethod
    def of(cls, kind: str, name: str) -> EntityAlreadyExists:
        return cls(f"{kind} with name {name} already exists.")


class DeleteConflict(ServiceError):
    """What is to be deleted still has, or is used by, something else."""

    status = 409


class LimitExceeded(ServiceError):
    status = 409

    @classmethod
    def of(cls, quota: str, limit: int) -> LimitExceeded:
        return cls(f"Cannot exceed quota for {quota}: {limit}")


class MalformedPolicyDocument(ServiceError):
    status = 400


class PolicyNotAttachable(ServiceError):
    status = 400


class UnmodifiableEntity(ServiceError):
    """A service-linked role, which only its service changes."""

    status = 400


class ConcurrentModification(ServiceError):
    status = 409


class InvalidClientTokenId(ServiceError):
    """Temporary credentials that IAM does not take."""

    message = "The security token included in the request is invalid"
    status = 403
