"""Event data stores (CloudTrail Lake): how they are set. What they hold is in lake.py.

Source: CloudTrail API Reference, CreateEventDataStore and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail.errors import (
    EventDataStoreAlreadyExistsException,
    EventDataStoreARNInvalidException,
    EventDataStoreFederationEnabledException,
    EventDataStoreMaxLimitExceededException,
    EventDataStoreNotFoundException,
    EventDataStoreTerminationProtectedException,
    InactiveEventDataStoreException,
    InvalidEventDataStoreStatusException,
)

ENABLED, STOPPED, PENDING = "ENABLED", "STOPPED_INGESTION", "PENDING_DELETION"
_GOES_AFTER = timedelta(days=7)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 10
_ARN = re.compile(r"(?:arn:aws[a-z-]*:cloudtrail:([a-z0-9-]+):([0-9]{12}):eventdatastore/)?([a-f0-9-]{36})")
_DEFAULT: tuple[dict[str, Any], ...] = (
    {
        "Name": "Default management events",
        "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
    },
)


class DataStore(Record):
    """`going` is when a deleted one goes for good."""

    scope: Scope
    id: str
    name: str
    created: datetime
    updated: datetime
    status: str = ENABLED
    selectors: tuple[dict[str, Any], ...] = _DEFAULT
    multi_region: bool = True
    organization: str = ""
    """The organization's id, of a store for all its accounts."""
    retention_days: int = 366
    protected: bool = True
    kms_key: str = ""
    billing: str = "EXTENDABLE_RETENTION_PRICING"
    going: datetime | None = None
    since: datetime = _EVER
    """When it last began to collect events."""
    federation_role: str = ""
    insights: tuple[dict[str, Any], ...] = ()
    insights_destination: str = ""
    configuration: dict[str, Any] = {}  # noqa: RUF012 - records are frozen
    """What PutEventConfiguration set."""

    @property
    def arn(self) -> str:
        return self.scope.arn("cloudtrail", f"eventdatastore/{self.id}")

    @property
    def place(self) -> Key:
        return self.scope.key("cloudtrail", "store", self.id)

    def key(self, kind: str, *rest: Any) -> Key:
        return self.scope.key("cloudtrail", "lake", self.id, kind, *rest)


def create(tx: Transaction, new: DataStore) -> None:
    others = listed(tx, new.scope)
    if any(other.name == new.name for other in others):
        raise EventDataStoreAlreadyExistsException(f"An event data store with the name {new.name} already exists.")
    if len(others) >= _MOST:
        raise EventDataStoreMaxLimitExceededException(f"An account can have {_MOST} event data stores in a Region.")
    put(tx, new)


def put(tx: Transaction, store: DataStore) -> None:
    tx.put(store.place, store)


def kept(tx: ReadTransaction, store: DataStore) -> DataStore | None:
    """The store as it is now; None when it is gone."""
    found: DataStore | None = tx.get(store.place)
    return found


def listed(tx: ReadTransaction, scope: Scope) -> list[DataStore]:
    every: Sequence[DataStore] = list(tx.range(scope.key("cloudtrail", "store")))
    return [store for store in every if store.going is None or store.going > tx.now]


def find(tx: ReadTransaction, scope: Scope, name: str) -> DataStore:
    """By ARN, or its last part. Raises EventDataStoreNotFoundException, EventDataStoreARNInvalidException."""
    found = _ARN.fullmatch(name)
    if found is None:
        raise EventDataStoreARNInvalidException(f"Event data store ARN {name[:256]} is not valid.")
    home = scope if found[1] is None else Scope(account=found[2], region=found[1])
    store: DataStore | None = tx.get(home.key("cloudtrail", "store", found[3]))
    if store is None or home.region != scope.region or (store.going is not None and store.going <= tx.now):
        raise EventDataStoreNotFoundException
    return store


def active(tx: ReadTransaction, scope: Scope, name: str) -> DataStore:
    """As `find`; raises InactiveEventDataStoreException for one that is being deleted."""
    store = find(tx, scope, name)
    if store.status == PENDING:
        raise InactiveEventDataStoreException("The event data store is inactive.")
    return store


def update(tx: Transaction, scope: Scope, name: str, changes: dict[str, Any]) -> DataStore:
    new = replace(active(tx, scope, name), **changes, updated=tx.now)
    put(tx, new)
    return new


def delete(tx: Transaction, scope: Scope, name: str) -> DataStore:
    """It can be restored for seven days."""
    store = active(tx, scope, name)
    if store.protected:
        raise EventDataStoreTerminationProtectedException(
            "Termination protection is enabled for the event data store; disable it first."
        )
    if store.federation_role:
        raise EventDataStoreFederationEnabledException("Federation is enabled for the event data store.")
    new = replace(store, status=PENDING, going=tx.now + _GOES_AFTER, updated=tx.now)
    put(tx, new)
    return new


def to_switch(tx: ReadTransaction, scope: Scope, name: str, status: str) -> DataStore:
    """The store, to begin or stop collecting. Raises InvalidEventDataStoreStatusException if it does so already."""
    store = active(tx, scope, name)
    if store.status == status:
        raise InvalidEventDataStoreStatusException(f"The status of the event data store is {status} already.")
    return store


def restorable(tx: ReadTransaction, scope: Scope, name: str) -> DataStore:
    store = find(tx, scope, name)
    if store.status != PENDING:
        raise InvalidEventDataStoreStatusException("Only event data stores that are being deleted can be restored.")
    return replace(store, going=None, updated=tx.now)


def as_wire(store: DataStore) -> dict[str, Any]:
    told: dict[str, Any] = {
        "EventDataStoreArn": store.arn,
        "Name": store.name,
        "Status": store.status,
        "AdvancedEventSelectors": list(store.selectors),
        "MultiRegionEnabled": store.multi_region,
        "OrganizationEnabled": bool(store.organization),
        "RetentionPeriod": store.retention_days,
        "TerminationProtectionEnabled": store.protected,
        "CreatedTimestamp": store.created,
        "UpdatedTimestamp": store.updated,
        "BillingMode": store.billing,
    }
    if store.federation_role:
        told |= {"FederationStatus": "ENABLED", "FederationRoleArn": store.federation_role}
    return told | ({"KmsKeyId": store.kms_key} if store.kms_key else {})
