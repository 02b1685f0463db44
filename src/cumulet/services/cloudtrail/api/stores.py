"""Event data stores: how they are set, and when they collect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.records import replace
from cumulet.kernel.service import stored
from cumulet.kernel.store import Transaction
from cumulet.services.cloudtrail import lake, selectors, stores, tags, trails
from cumulet.services.cloudtrail.api.collecting import Collecting
from cumulet.services.cloudtrail.errors import (
    EventDataStoreFederationEnabledException,
    InsufficientEncryptionPolicyException,
    InvalidEventDataStoreCategoryException,
    InvalidParameterException,
    KmsKeyNotFoundException,
)
from cumulet.services.cloudtrail.stores import DataStore

_LARGEST_PAGE = 1000
_LONGEST_FIXED, _LONGEST_EXTENDABLE = 2557, 3653
_OF_UPDATES = {
    "Name": "name", "AdvancedEventSelectors": "selectors", "MultiRegionEnabled": "multi_region",
    "RetentionPeriod": "retention_days",
    "TerminationProtectionEnabled": "protected", "KmsKeyId": "kms_key", "BillingMode": "billing",
}  # fmt: skip


class Stores(Collecting):
    async def create_event_data_store(
        self, *, Name: str, AdvancedEventSelectors: Sequence[Mapping[str, Any]] | None = None,
        MultiRegionEnabled: bool | None = None, OrganizationEnabled: bool | None = None,
        RetentionPeriod: int | None = None, TerminationProtectionEnabled: bool | None = None,
        TagsList: Sequence[Mapping[str, str]] = (), KmsKeyId: str | None = None, StartIngestion: bool | None = None,
        BillingMode: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        given = _changes(locals())
        now = self.clock.now()
        plain = DataStore(
            scope=self.scope, id=self.kernel.ids.uuid(), name=Name, created=now, updated=now, since=now,
            organization=await self._organization() if OrganizationEnabled else "",
        )  # fmt: skip
        billing = BillingMode or plain.billing
        default = 2557 if billing == "FIXED_RETENTION_PRICING" else plain.retention_days
        status = stores.STOPPED if StartIngestion is False else stores.ENABLED
        new = replace(plain, **{"retention_days": default, "status": status, **given})
        _check(new)
        new = await self._with_key(new)

        def create(tx: Transaction) -> None:
            stores.create(tx, new)
            lake.listen(tx, new)
            if TagsList:
                tags.put(tx, new.arn, TagsList)

        await self.store.write(create)
        self.kernel.audit.readers_changed()
        # A new store is told as created, whatever it does from now on.
        return {**stores.as_wire(new), "Status": "CREATED", "TagsList": list(TagsList)}

    async def get_event_data_store(self, *, EventDataStore: str) -> dict[str, Any]:
        return stores.as_wire(await self.store.read(stores.find, self.scope, EventDataStore))

    async def list_event_data_stores(
        self, *, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        every = await self.store.read(stores.listed, self.scope)
        rest = [store for store in every if store.id > (NextToken or "")]
        page = rest[: MaxResults or _LARGEST_PAGE]
        told: dict[str, Any] = {"EventDataStores": [_brief(store) for store in page]}
        return told | ({"NextToken": page[-1].id} if len(rest) > len(page) else {})

    async def update_event_data_store(
        self, *, EventDataStore: str, Name: str | None = None,
        AdvancedEventSelectors: Sequence[Mapping[str, Any]] | None = None, MultiRegionEnabled: bool | None = None,
        OrganizationEnabled: bool | None = None, RetentionPeriod: int | None = None,
        TerminationProtectionEnabled: bool | None = None, KmsKeyId: str | None = None, BillingMode: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        changes = _changes(locals())
        old = await self.store.read(stores.active, self.scope, EventDataStore)
        if OrganizationEnabled is not None:
            changes["organization"] = await self._organization() if OrganizationEnabled else ""
        new = replace(old, **changes)
        _check(new)
        if "selectors" in changes and selectors.category(new.selectors) != selectors.category(old.selectors):
            raise InvalidEventDataStoreCategoryException("The category of events of a store cannot be changed.")
        if KmsKeyId is not None:
            changes["kms_key"] = (await self._with_key(new)).kms_key
        return stores.as_wire(await self._change_store(EventDataStore, changes))

    async def delete_event_data_store(self, *, EventDataStore: str) -> dict[str, Any]:
        def delete(tx: Transaction) -> None:
            store = stores.delete(tx, self.scope, EventDataStore)
            lake.stop_listening(tx, store)
            lake.tidy_again(tx, store.scope)

        await self.store.write(delete)
        self.kernel.audit.readers_changed()
        return {}

    async def restore_event_data_store(self, *, EventDataStore: str) -> dict[str, Any]:
        def restore(tx: Transaction) -> DataStore:
            return lake.begin(tx, stores.restorable(tx, self.scope, EventDataStore))

        restored = await self.store.write(restore)
        self.kernel.audit.readers_changed()
        return stores.as_wire(restored)

    async def start_event_data_store_ingestion(self, *, EventDataStore: str) -> dict[str, Any]:
        def start(tx: Transaction) -> None:
            lake.begin(tx, stores.to_switch(tx, self.scope, EventDataStore, stores.ENABLED))

        await self.kernel.audit.written()
        await self.store.write(start)
        self.kernel.audit.readers_changed()
        return {}

    async def stop_event_data_store_ingestion(self, *, EventDataStore: str) -> dict[str, Any]:
        await self.store.read(stores.to_switch, self.scope, EventDataStore, stores.STOPPED)
        await self._change_store(EventDataStore, {"status": stores.STOPPED})
        return {}

    @stored
    async def enable_federation(self, *, EventDataStore: str, FederationRoleArn: str) -> dict[str, Any]:
        store = await self.store.read(stores.active, self.scope, EventDataStore)
        if store.federation_role:
            raise EventDataStoreFederationEnabledException("Federation is enabled for the event data store already.")
        new = await self._change_store(EventDataStore, {"federation_role": FederationRoleArn})
        return {
            "EventDataStoreArn": new.arn,
            "FederationStatus": "ENABLED",
            "FederationRoleArn": new.federation_role,
        }

    @stored
    async def disable_federation(self, *, EventDataStore: str) -> dict[str, Any]:
        new = await self._change_store(EventDataStore, {"federation_role": ""})
        return {"EventDataStoreArn": new.arn, "FederationStatus": "DISABLED"}

    async def _with_key(self, store: DataStore) -> DataStore:
        """The store with its key's full name. Raises unless CloudTrail may use the key."""
        if not store.kms_key:
            return store
        kms = self.kernel.client(trails.cloudtrail(store.scope, store.arn), "kms", store.scope.region)
        try:
            found = await kms.describe_key(KeyId=store.kms_key)
        except ServiceError as error:
            if error.code == "NotFoundException":
                raise KmsKeyNotFoundException(error.message) from None
            raise InsufficientEncryptionPolicyException(
                f"Insufficient permissions to use the KMS key {store.kms_key}."
            ) from None
        return replace(store, kms_key=found["KeyMetadata"]["Arn"])


def _changes(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of a store's settings. Raises InvalidEventSelectorsException."""
    changes = {_OF_UPDATES[name]: value for name, value in given.items() if name in _OF_UPDATES and value is not None}
    if "selectors" in changes:
        changes["selectors"] = selectors.check_of_store(changes["selectors"])
    return changes


def _check(store: DataStore) -> None:
    most = _LONGEST_FIXED if store.billing == "FIXED_RETENTION_PRICING" else _LONGEST_EXTENDABLE
    if store.retention_days > most:
        raise InvalidParameterException(f"The retention period can be at most {most} days.")


def _brief(store: DataStore) -> dict[str, Any]:
    return {"EventDataStoreArn": store.arn, "Name": store.name}
