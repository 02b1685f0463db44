"""Tags of tables. They are kept with the table and go with it. Source: DynamoDB API Reference, TagResource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb.errors import INVALID, ValidationException
from cumulet.services.dynamodb.tables import Table

_MOST = 50
_RESERVED = "aws:"


def of(tx: ReadTransaction, table: Table) -> dict[str, str]:
    return dict(tx.get(table.key("tags")) or {})


def add(tx: Transaction, table: Table, given: Sequence[Mapping[str, str]]) -> None:
    """Add tags, or give them new values. Raises ValidationException."""
    if not given:
        raise ValidationException("Atleast one Tag needs to be provided as Input.")  # AWS's own spelling
    added = {tag["Key"]: tag["Value"] for tag in given}
    if len(added) < len(given):
        raise ValidationException(f"{INVALID}Duplicate tag keys are not allowed")
    if any(key.lower().startswith(_RESERVED) for key in added):
        raise ValidationException(f"{INVALID}Tag keys starting with '{_RESERVED}' are reserved for system use")
    kept = of(tx, table) | added
    if len(kept) > _MOST:
        raise ValidationException(f"{INVALID}The number of tags exceeds the limit of {_MOST}")
    tx.put(table.key("tags"), kept)


def remove(tx: Transaction, table: Table, keys: Iterable[str]) -> None:
    """Raises ValidationException where no key is named."""
    gone = set(keys)
    if not gone:
        raise ValidationException("Atleast one Tag Key needs to be provided as Input.")
    tx.put(table.key("tags"), {key: value for key, value in of(tx, table).items() if key not in gone})
