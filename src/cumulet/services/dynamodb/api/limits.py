"""What an account may have, and where the service is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from cumulet.kernel.service import stored
from cumulet.services.dynamodb.api.base import DynamoBase

_OF_ACCOUNT, _OF_TABLE = 80_000, 40_000
_CACHE_MINUTES = 1440


class Limits(DynamoBase):
    @stored
    async def describe_limits(self) -> dict[str, Any]:
        """The quotas that every account begins with. Cumulet does not hold tables to them."""
        return {
            "AccountMaxReadCapacityUnits": _OF_ACCOUNT,
            "AccountMaxWriteCapacityUnits": _OF_ACCOUNT,
            "TableMaxReadCapacityUnits": _OF_TABLE,
            "TableMaxWriteCapacityUnits": _OF_TABLE,
        }

    async def describe_endpoints(self) -> dict[str, Any]:
        """The address by which the caller has reached us."""
        address = urlsplit(self.request.endpoint).netloc
        return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": _CACHE_MINUTES}]}
