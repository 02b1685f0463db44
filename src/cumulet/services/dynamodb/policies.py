"""Resource policies of tables and their streams. Who may do what by them is decided in access.py.

Sources: DynamoDB API Reference, PutResourcePolicy; Developer Guide, "Resource-based policy considerations"."""

from __future__ import annotations

import json

from cumulet.kernel.authz import policies as language
from cumulet.kernel.authz.malformed import MalformedPolicy
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb.errors import PolicyNotFoundException, ValidationException
from cumulet.services.dynamodb.tables import Table

LARGEST_BYTES = 20 * 1024
NO_POLICY = "NO_POLICY"


class ResourcePolicy(Record):
    """`revision` is another one whenever the text changes, a number in digits."""

    text: str
    revision: str


def of_table(tx: ReadTransaction, table: Table) -> ResourcePolicy | None:
    return tx.get(key(table, table.arn)) if table.has_policy else None


def of_stream(tx: ReadTransaction, table: Table, stream_arn: str) -> ResourcePolicy | None:
    found: ResourcePolicy | None = tx.get(key(table, stream_arn))
    return found


def get(tx: ReadTransaction, table: Table, arn: str) -> ResourcePolicy:
    """Raises PolicyNotFoundException."""
    found: ResourcePolicy | None = tx.get(key(table, arn))
    if found is None:
        raise PolicyNotFoundException.of(arn)
    return found


def attached(tx: Transaction, table: Table, text: str) -> Table:
    """The table with a policy, for the caller to keep. Raises ValidationException."""
    check(text)
    tx.put(key(table, table.arn), ResourcePolicy(text=text, revision=_revision(tx)))
    return replace(table, has_policy=True)


def put(tx: Transaction, table: Table, arn: str, text: str, expected: str | None) -> tuple[Table, str]:
    """The table, for the caller to keep, and the policy's revision. The same policy keeps its revision.

    Raises ValidationException, or PolicyNotFoundException where another revision than `expected` is there."""
    check(text)
    old: ResourcePolicy | None = tx.get(key(table, arn))
    check_expected(old, expected, arn)
    if old is not None and _same(old.text, text):
        return table, old.revision
    new = ResourcePolicy(text=text, revision=_revision(tx, old))
    tx.put(key(table, arn), new)
    return (replace(table, has_policy=True) if arn == table.arn else table), new.revision


def delete(tx: Transaction, table: Table, arn: str, expected: str | None) -> tuple[Table, str]:
    """The table, for the caller to keep, and the revision that was; empty where there was no policy."""
    old: ResourcePolicy | None = tx.get(key(table, arn))
    check_expected(old, expected, arn)
    tx.delete(key(table, arn))
    return (replace(table, has_policy=False) if arn == table.arn else table), old.revision if old is not None else ""


def check_expected(old: ResourcePolicy | None, expected: str | None, arn: str) -> None:
    if expected is not None and expected != (old.revision if old is not None else NO_POLICY):
        raise PolicyNotFoundException.of(arn)


def check(text: str) -> None:
    """Raises ValidationException for what is no policy of a resource."""
    if len(text.encode()) > LARGEST_BYTES:
        raise ValidationException(
            f"Resource-based policy size exceeds the maximum allowed size of {LARGEST_BYTES // 1024} KB"
        )
    try:
        language.parse(text, language.PolicyKind.RESOURCE, "resource policy")
    except MalformedPolicy as malformed:
        raise ValidationException(f"Invalid policy document: {malformed}") from None


def key(table: Table, arn: str) -> Key:
    return table.key("policy", arn)


def _revision(tx: Transaction, old: ResourcePolicy | None = None) -> str:
    """The time in milliseconds, or the next after the old one's."""
    now = int(tx.now.timestamp() * 1000)
    return str(max(now, int(old.revision) + 1) if old is not None else now)


def _same(first: str, second: str) -> bool:
    return first == second or json.loads(first) == json.loads(second)
