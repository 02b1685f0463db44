"""Errors of DynamoDB Streams that need words of their own."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class ValidationException(ServiceError):
    status = 400

    @classmethod
    def too_large(cls, limit: int, most: int) -> ValidationException:
        return cls(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {most}"
        )


class ExpiredIteratorException(ServiceError):
    message = (
        "The shard iterator has expired and can no longer be used to retrieve stream records. "
        "A shard iterator expires 15 minutes after it is retrieved using the GetShardIterator action."
    )
