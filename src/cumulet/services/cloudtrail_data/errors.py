"""The errors of PutAuditEvents."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class ChannelNotFound(ServiceError):
    """No channel has this ARN."""


class InvalidChannelARN(ServiceError):
    """It is no ARN of a channel."""


class DuplicatedAuditEventId(ServiceError):
    """Two events of one request have the same id."""
