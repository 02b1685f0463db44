"""Event data stores: kept as they are set, not filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.service import stored
from cumulet.services.cloudtrail import selectors, stores, tags
from cumulet.services.cloudtrail.api.base import Base
from cumulet.services.cloudtrail.stores import DataStore

_LARGEST_PAGE = 1000
_OF_UPDATES = {
    "Name": "name", "AdvancedEventSelectors": "selectors", "MultiRegionEnabled": "multi_region",
    "OrganizationEnabled": "organization", "RetentionPeriod": "retention_days",
    "TerminationProtectionEnabled": "protected", "KmsKeyId": "kms_key", "BillingMode": "billing",
}  # fmt: skip


class Stores(Base):
    @stored
    async def create_event_data_store(
        self, *, Name: str, AdvancedEventSelectors: Sequence[Mapping[str, Any]] | None = None,
        MultiRegionEnabled: bool | None = None, OrganizationEnabled: bool | None = None,
        RetentionPeriod: int | None = None, TerminationProtectionEnabled: bool | None = None,
        TagsList: Sequence[Mapping[str, str]] = (), KmsKeyId: str | None = None, StartIngestion: bool | None = None,
        BillingMode: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        given = _changes(locals())
        now = self.clock.now()
        plain = DataStore(scope=self.scope, id=self.kernel.ids.uuid(), name=Name, created=now, updated=now)
        billing = BillingMode or plain.billing
        default = 2557 if billing == "FIXED_RETENTION_PRICING" else plain.retention_days
        status = stores.STOPPED if StartIngestion is False else stores.ENABLED
        new = stores.replace(plain, **{"retention_days": default, "status": status, **given})
        await self.store.write(stores.create, new)
        if TagsList:
            await self.store.write(tags.put, new.arn, TagsList)
        # A new store is told as created, whatever it does from now on.
        return {**stores.as_wire(new), "Status": "CREATED", "TagsList": list(TagsList)}

    @stored
    async def get_event_data_store(self, *, EventDataStore: str) -> dict[str, Any]:
        return stores.as_wire(await self.store.read(stores.find, self.scope, EventDataStore))

    @stored
    async def list_event_data_stores(
        self, *, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        every = await self.store.read(stores.listed, self.scope)
        rest = [store for store in every if store.id > (NextToken or "")]
        page = rest[: MaxResults or _LARGEST_PAGE]
        told: dict[str, Any] = {"EventDataStores": [_brief(store) for store in page]}
        return told | ({"NextToken": page[-1].id} if len(rest) > len(page) else {})

    @stored
    async def update_event_data_store(
        self, *, EventDataStore: str, Name: str | None = None,
        AdvancedEventSelectors: Sequence[Mapping[str, Any]] | None = None, MultiRegionEnabled: bool | None = None,
        OrganizationEnabled: bool | None = None, RetentionPeriod: int | None = None,
        TerminationProtectionEnabled: bool | None = None, KmsKeyId: str | None = None, BillingMode: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        changes = _changes(locals())
        return stores.as_wire(await self.store.write(stores.update, self.scope, EventDataStore, changes))

    @stored
    async def delete_event_data_store(self, *, EventDataStore: str) -> dict[str, Any]:
        await self.store.write(stores.delete, self.scope, EventDataStore)
        return {}

    @stored
    async def restore_event_data_store(self, *, EventDataStore: str) -> dict[str, Any]:
        return stores.as_wire(await self.store.write(stores.restore, self.scope, EventDataStore))

    @stored
    async def start_event_data_store_ingestion(self, *, EventDataStore: str) -> dict[str, Any]:
        await self.store.write(stores.switch, self.scope, EventDataStore, stores.ENABLED)
        return {}

    @stored
    async def stop_event_data_store_ingestion(self, *, EventDataStore: str) -> dict[str, Any]:
        await self.store.write(stores.switch, self.scope, EventDataStore, stores.STOPPED)
        return {}


def _changes(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of a store's settings. Raises InvalidEventSelectorsException."""
    changes = {_OF_UPDATES[name]: value for name, value in given.items() if name in _OF_UPDATES and value is not None}
    if "selectors" in changes:
        changes["selectors"] = selectors.check_advanced(changes["selectors"])
    return changes


def _brief(store: DataStore) -> dict[str, Any]:
    return {"EventDataStoreArn": store.arn, "Name": store.name}
