"""AWS KMS as its clients see it: one class for each noun, composed. The rules are in the modules beside this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cumulet.kernel.access import Need
from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import access, request_quotas
from cumulet.services.kms.api.aliases import Aliases
from cumulet.services.kms.api.custom_stores import CustomStores
from cumulet.services.kms.api.data_keys import DataKeys
from cumulet.services.kms.api.encryption import Encryption
from cumulet.services.kms.api.grants import Grants
from cumulet.services.kms.api.imports import Imports
from cumulet.services.kms.api.keys import Keys
from cumulet.services.kms.api.multi_region import MultiRegion
from cumulet.services.kms.api.policies import Policies
from cumulet.services.kms.api.rotations import Rotations
from cumulet.services.kms.api.signatures import Signatures
from cumulet.services.kms.api.tags import Tags


class KMS(
    Keys,
    Aliases,
    Policies,
    Grants,
    Tags,
    Encryption,
    DataKeys,
    Signatures,
    Rotations,
    Imports,
    MultiRegion,
    CustomStores,
):
    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        await super().authorise(operation, parameters)
        if self.kernel.quotas:
            await self.store.write(request_quotas.spend, self.scope, operation)

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        return access.Asked(tx, self.scope, self.caller, operation, parameters).needs()
