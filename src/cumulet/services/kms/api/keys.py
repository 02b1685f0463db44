"""Keys as clients make, describe, list, switch and delete them. The rules are in ../keys.py and ../lifecycle.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.service import internal, job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import (
    custom_stores,
    descriptions,
    generation,
    grants,
    keys,
    last_uses,
    lifecycle,
    managed,
    materials,
    names,
    pages,
    policies,
    specs,
    tags,
)
from cumulet.services.kms.api.policies import PolicyRules
from cumulet.services.kms.errors import UnsupportedOperationException
from cumulet.services.kms.keys import Key


class Keys(PolicyRules):
    async def create_key(
        self,
        *,
        Policy: str | None = None,
        Description: str = "",
        KeyUsage: str | None = None,
        CustomerMasterKeySpec: str | None = None,
        KeySpec: str | None = None,
        Origin: str = keys.AWS_KMS,
        CustomKeyStoreId: str | None = None,
        BypassPolicyLockoutSafetyCheck: bool = False,
        Tags: Sequence[Mapping[str, str]] = (),
        MultiRegion: bool = False,
        XksKeyId: str | None = None,
    ) -> dict[str, Any]:
        spec, usage = specs.chosen(KeySpec, CustomerMasterKeySpec, KeyUsage)
        custom_stores.check_origin(Origin, CustomKeyStoreId, XksKeyId)
        if Origin == keys.EXTERNAL and not spec.can_be_imported:
            raise UnsupportedOperationException(f"Key material of the key spec {spec.name} cannot be imported.")
        key = Key(
            id=self._new_id(multi_region=MultiRegion), account=self.scope.account, region=self.scope.region,
            created=self.clock.now(), spec=spec.name, usage=usage, origin=Origin, description=Description,
            policy=policies.check(Policy) if Policy is not None else policies.default(self.scope),
            multi_region=MultiRegion, tags=tags.given(Tags),
        )  # fmt: skip
        if Policy is not None and not BypassPolicyLockoutSafetyCheck:
            await self.store.read(self.check_lockout, key, key.policy)
        key = await self.store.read(self.with_policy, key, key.policy)
        made = None
        if Origin == keys.AWS_KMS:
            fresh = await generation.material(spec, self.kernel.ids)
            made = materials.made(key.id, fresh, self.kernel.keyring, key.created)
        await self.store.write(lifecycle.create, key, made)
        return {"KeyMetadata": await self.store.read(descriptions.metadata, key)}

    async def describe_key(self, *, KeyId: str, GrantTokens: Sequence[str] = ()) -> dict[str, Any]:
        name = names.parse(KeyId, self.scope, aliases=True)
        grants.check_tokens(GrantTokens)
        if managed.is_foreseen(name) and name.scope == self.scope:
            await self.default_key(Service=name.alias.removeprefix(managed.alias("")))
        return {"KeyMetadata": await self.store.read(_described, name)}

    async def list_keys(
        self, *, Limit: int | None = None, Marker: str | None = None, ResourceOwners: Sequence[str] = ("SELF",)
    ) -> dict[str, Any]:
        count = pages.size(Limit, usual=100, most=1000)
        after = pages.after(Marker)
        found = await self.store.read(keys.listed, self.scope, after, count + 1) if "SELF" in ResourceOwners else []
        return pages.answer("Keys", found, count, lambda key: key.id, _listed)

    async def enable_key(self, *, KeyId: str) -> dict[str, Any]:
        await self.write_key(KeyId, _changing(lifecycle.enable))
        return {}

    async def disable_key(self, *, KeyId: str) -> dict[str, Any]:
        await self.write_key(KeyId, _changing(lifecycle.disable))
        return {}

    async def schedule_key_deletion(self, *, KeyId: str, PendingWindowInDays: int = 30) -> dict[str, Any]:
        doomed = await self.write_key(KeyId, _changing(lifecycle.schedule_deletion), PendingWindowInDays)
        told: dict[str, Any] = {
            "KeyId": doomed.arn,
            "KeyState": doomed.state(self.clock.now()),
            "PendingWindowInDays": PendingWindowInDays,
        }
        return told if doomed.deletion is None else told | {"DeletionDate": doomed.deletion}

    async def cancel_key_deletion(self, *, KeyId: str) -> dict[str, Any]:
        await self.write_key(KeyId, _changing(lifecycle.cancel_deletion))
        return {"KeyId": names.parse(KeyId, self.scope, aliases=False).arn}

    async def update_key_description(self, *, KeyId: str, Description: str) -> dict[str, Any]:
        await self.write_key(KeyId, _changing(_describe_as), Description)
        return {}

    async def get_key_last_usage(self, *, KeyId: str) -> dict[str, Any]:
        return await self.read_key(KeyId, last_uses.told)

    @internal
    async def default_key(self, *, Service: str) -> dict[str, Any]:
        """The key that AWS manages for a service in this account and Region; it is made on first use."""
        key = await self.store.read(managed.find, self.scope, Service)
        if key is None:
            key_id = self._new_id(multi_region=False)
            fresh = await generation.material(specs.SPECS[specs.SYMMETRIC], self.kernel.ids)
            made = materials.made(key_id, fresh, self.kernel.keyring, self.clock.now())
            key = await self.store.write(managed.create, self.scope, Service, made, key_id)
        return {"KeyId": key.id, "Arn": key.arn}

    @job
    async def delete(self, *, key_id: str) -> None:
        """Forget a key whose day has come."""
        while not await self.store.write(_delete, self.scope, key_id):
            pass

    def _new_id(self, *, multi_region: bool) -> str:
        made = self.kernel.ids.uuid()
        return f"mrk-{made.replace('-', '')}" if multi_region else made


def _described(tx: ReadTransaction, name: names.Name) -> dict[str, Any]:
    return descriptions.metadata(tx, names.existing(tx, name))


def _describe_as(tx: Transaction, key: Key, description: str) -> None:
    keys.require_kept(tx, key)
    keys.put(tx, replace(key, description=description))


def _delete(tx: Transaction, scope: Any, key_id: str) -> bool:
    key: Key | None = tx.get(scope.key("kms", "keys", key_id))
    if key is None or key.deletion is None or tx.now < key.deletion:
        return True
    return lifecycle.delete(tx, key)


def _changing(rule: Any) -> Any:
    """A rule that AWS managed keys do not bear."""

    def change(tx: Transaction, key: Key, *args: Any) -> Any:
        managed.refuse(key)
        return rule(tx, key, *args)

    return change


def _listed(key: Key) -> dict[str, str]:
    return {"KeyId": key.id, "KeyArn": key.arn}
