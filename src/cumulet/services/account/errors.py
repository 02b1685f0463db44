"""The refusals of Account Management."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class AccessDeniedException(ServiceError):
    status = 403


class ResourceNotFoundException(ServiceError):
    status = 404


class ConflictException(ServiceError):
    status = 409


class ValidationException(ServiceError):
    status = 400

    @classmethod
    def of_region(cls, message: str) -> ValidationException:
        return cls(message, reason="invalidRegionOptTarget")
