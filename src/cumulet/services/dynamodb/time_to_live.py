"""Time to live, as it is set for a table. How items expire is told in expiry.py and expired.py.

A change is in force at once, and the next may come an hour later. Source: DynamoDB API Reference, UpdateTimeToLive."""

from __future__ import annotations

from datetime import timedelta

from cumulet.kernel.records import replace
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import expiry, global_tables, tables
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.tables import Table

_BETWEEN_CHANGES = timedelta(hours=1)


def update(tx: Transaction, table: Table, attribute: str, *, enabled: bool) -> None:
    """Raises ValidationException for what is so already, or was changed less than an hour ago."""
    if enabled and table.ttl:
        if attribute != table.ttl:
            raise ValidationException(
                f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl}"
            )
        raise ValidationException("TimeToLive is already enabled")
    if not enabled and not table.ttl:
        raise ValidationException("TimeToLive is already disabled")
    if not enabled and attribute != table.ttl:
        raise ValidationException(
            f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl}"
        )
    if table.ttl_changed is not None and tx.now < table.ttl_changed + _BETWEEN_CHANGES:
        raise ValidationException("Time to live has been modified multiple times within a fixed interval")
    global_tables.check_may_expire(table)
    changed = replace(table, ttl=attribute if enabled else "", ttl_changed=tx.now)
    if enabled:
        expiry.begin(tx, changed)
    else:
        expiry.end(tx, table)
    tables.put(tx, changed)
    global_tables.synchronise(tx, table, changed)
