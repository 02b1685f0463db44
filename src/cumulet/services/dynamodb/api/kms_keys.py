"""The KMS keys that tables name. Items lie encrypted under the cloud's own keys in any case; of the key that a table
names, DynamoDB makes sure that the caller may see it and that it could encrypt, when the table is told to use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import INVALID, ValidationException

_OF_AWS = "alias/aws/dynamodb"
_REFUSALS = frozenset(("AccessDenied", "AccessDeniedException"))


class KmsKeys(DynamoBase):
    async def _kms_key(self, given: Mapping[str, Any] | None) -> str | None:
        """The ARN of the key that an SSESpecification wants; empty for the one that DynamoDB owns, None where nothing
        is said. Raises ValidationException for a key that cannot be used, or AccessDeniedException."""
        if given is None:
            return None
        wanted = given.get("KMSMasterKeyId")
        if not given.get("Enabled"):
            if wanted:
                raise ValidationException(f"{INVALID}KMSMasterKeyId can only be specified when SSE is enabled")
            return ""
        if given.get("SSEType") not in (None, "KMS"):
            raise ValidationException(f"{INVALID}SSEType {given['SSEType']} is not supported, use KMS")
        return await self._usable_key(wanted or _OF_AWS)

    async def _usable_key(self, wanted: str) -> str:
        try:
            key = (await self.on_behalf("kms").describe_key(KeyId=wanted))["KeyMetadata"]
        except ServiceError as refused:
            if refused.code in _REFUSALS:
                raise
            raise ValidationException(f"KMS validation error: {refused.message}") from None
        if key["KeyState"] != "Enabled":
            raise ValidationException(f"KMS validation error: {key['Arn']} is {key['KeyState']}")
        if key["KeySpec"] != "SYMMETRIC_DEFAULT" or key["KeyUsage"] != "ENCRYPT_DECRYPT":
            raise ValidationException(f"KMS validation error: {key['Arn']} is not a symmetric encryption key")
        arn: str = key["Arn"]
        return arn
