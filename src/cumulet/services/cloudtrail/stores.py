"""Event data stores (CloudTrail Lake): kept as they are set. Nothing is ingested into them yet.

Source: CloudTrail API Reference, CreateEventDataStore and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail.errors import (
    EventDataStoreAlreadyExistsException,
    EventDataStoreARNInvalidException,
    EventDataStoreMaxLimitExceededException,
    EventDataStoreNotFoundException,
    EventDataStoreTerminationProtectedException,
    InactiveEventDataStoreException,
    InvalidEventDataStoreStatusException,
)

ENABLED, STOPPED, PENDING = "ENABLED", "STOPPED_INGESTION", "PENDING_DELETION"
_GOES_AFTER = timedelta(days=7)
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
    organization: bool = False
    retention_days: int = 366
    protected: bool = True
    kms_key: str = ""
    billing: str = "EXTENDABLE_RETENTION_PRICING"
    going: datetime | None = None

    @property
    def arn(self) -> str:
        return self.scope.arn("cloudtrail", f"eventdatastore/{self.id}")


def create(tx: Transaction, new: DataStore) -> None:
    others = listed(tx, new.scope)
    if any(other.name == new.name for other in others):
        raise EventDataStoreAlreadyExistsException(f"An event data store with the name {new.name} already exists.")
    if len(others) >= _MOST:
        raise EventDataStoreMaxLimitExceededException(f"An account can have {_MOST} event data stores in a Region.")
    put(tx, new)


def put(tx: Transaction, store: DataStore) -> None:
    tx.put(store.scope.key("cloudtrail", "store", store.id), store)


def listed(tx: ReadTransaction, scope: Scope) -> list[DataStore]:
    every: Sequence[DataStore] = list(tx.range(scope.key("cloudtrail", "store")))
    return [store for store in every if store.going is None or store.going > tx.now]


def find(tx: ReadTransaction, scope: Scope, name: str) -> DataStore:
    """By ARN, or its last part. Raises EventDataStoreNotFoundException, EventDataStoreARNInvalidException."""
    found = _ARN.fullmatch(name)
    if found is None:
        raise EventDataStoreARNInvalidException(f"Event data store ARN {name[:256]} is not valid.")
    store: DataStore | None = tx.get(scope.key("cloudtrail", "store", found[3]))
    here = found[1] is None or (found[1], found[2]) == (scope.region, scope.account)
    if store is None or not here or (store.going is not None and store.going <= tx.now):
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


def switch(tx: Transaction, scope: Scope, name: str, status: str) -> None:
    """Begin or stop ingestion."""
    store = active(tx, scope, name)
    if store.status == status:
        raise InvalidEventDataStoreStatusException(f"The status of the event data store is {status} already.")
    put(tx, replace(store, status=status, updated=tx.now))


def delete(tx: Transaction, scope: Scope, name: str) -> None:
    """It can be restored for seven days."""
    store = active(tx, scope, name)
    if store.protected:
        raise EventDataStoreTerminationProtectedException(
            "Termination protection is enabled for the event data store; disable it first."
        )
    put(tx, replace(store, status=PENDING, going=tx.now + _GOES_AFTER, updated=tx.now))


def restore(tx: Transaction, scope: Scope, name: str) -> DataStore:
    store = find(tx, scope, name)
    if store.status != PENDING:
        raise InvalidEventDataStoreStatusException("Only event data stores that are being deleted can be restored.")
    new = replace(store, status=ENABLED, going=None, updated=tx.now)
    put(tx, new)
    return new


def as_wire(store: DataStore) -> dict[str, Any]:
    told: dict[str, Any] = {
        "EventDataStoreArn": store.arn,
        "Name": store.name,
        "Status": store.status,
        "AdvancedEventSelectors": list(store.selectors),
        "MultiRegionEnabled": store.multi_region,
        "OrganizationEnabled": store.organization,
        "RetentionPeriod": store.retention_days,
        "TerminationProtectionEnabled": store.protected,
        "CreatedTimestamp": store.created,
        "UpdatedTimestamp": store.updated,
        "BillingMode": store.billing,
    }
    return told | ({"KmsKeyId": store.kms_key} if store.kms_key else {})
