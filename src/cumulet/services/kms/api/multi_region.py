"""Multi-Region keys as clients replicate them. The rules are in ../multi_region.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import descriptions, keys, managed, multi_region, policies, tags
from cumulet.services.kms.api.policies import PolicyRules
from cumulet.services.kms.keys import Key


class MultiRegion(PolicyRules):
    async def replicate_key(
        self,
        *,
        KeyId: str,
        ReplicaRegion: str,
        Policy: str | None = None,
        BypassPolicyLockoutSafetyCheck: bool = False,
        Description: str = "",
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        given, policy = tags.given(Tags), policies.check(Policy) if Policy is not None else None
        if policy is not None and not BypassPolicyLockoutSafetyCheck:
            await self.read_key(KeyId, self._check_there, ReplicaRegion, policy)
        text = policy or policies.default(self.scope)
        replica = await self.write_key(KeyId, self._replicate, ReplicaRegion, text, Description, given)
        told = await self.store.read(descriptions.metadata, replica)
        told.pop("CurrentKeyMaterialId", None)
        answer: dict[str, Any] = {
            # AWS answers while it still copies the key; here it is there already, and DescribeKey says so.
            "ReplicaKeyMetadata": told | {"KeyState": "Creating", "Enabled": False},
            "ReplicaPolicy": text,
        }
        return answer | ({"ReplicaTags": list(Tags)} if Tags else {})

    async def update_primary_region(self, *, KeyId: str, PrimaryRegion: str) -> dict[str, Any]:
        await self.write_key(KeyId, _move, PrimaryRegion)
        return {}

    def _replicate(
        self, tx: Transaction, key: Key, region: str, policy: str, description: str, given: dict[str, str]
    ) -> Key:
        replica = multi_region.replicate(tx, key, region, policy, description, given)
        bound = self.with_policy(tx, replica, policy)
        keys.put(tx, bound)
        return bound

    def _check_there(self, tx: ReadTransaction, key: Key, region: str, policy: str) -> None:
        self.check_lockout(tx, replace(key, region=region), policy)


def _move(tx: Transaction, key: Key, region: str) -> None:
    managed.refuse(key)
    multi_region.move_primary(tx, key, region)
