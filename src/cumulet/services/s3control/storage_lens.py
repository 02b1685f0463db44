"""S3 Storage Lens configurations. They are kept; dashboards with metrics are not here yet.

Every account begins with a default dashboard, which can be turned off but not deleted."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3control.errors import InvalidRequest, NoSuchConfiguration

DEFAULT = "default-account-dashboard"
MOST = 50
"""Of one account in one Region, beside the default."""

Configuration = dict[str, Any]


def default(scope: Scope) -> Configuration:
    return {
        "Id": DEFAULT,
        "AccountLevel": {"ActivityMetrics": {"IsEnabled": False}, "BucketLevel": {}},
        "IsEnabled": True,
        "StorageLensArn": arn(scope, DEFAULT),
    }


def arn(scope: Scope, config_id: str) -> str:
    return scope.arn("s3", f"storage-lens/{config_id}")


def put(tx: Transaction, scope: Scope, configuration: Configuration, tags: dict[str, str] | None) -> None:
    """Raises InvalidRequest beyond 50 configurations. Without `tags`, those of an existing one stay."""
    config_id = configuration["Id"]
    known = {each["Id"] for each in listed(tx, scope)}
    if config_id not in known and len(known) > MOST:
        raise InvalidRequest(f"You can have up to {MOST} custom dashboards.")
    tx.put(_key(scope, "configuration", config_id), {**configuration, "StorageLensArn": arn(scope, config_id)})
    if tags is not None:
        set_tags(tx, scope, config_id, tags)


def get(tx: ReadTransaction, scope: Scope, config_id: str) -> Configuration:
    """Raises NoSuchConfiguration."""
    found: Configuration | None = tx.get(_key(scope, "configuration", config_id))
    if found is None and config_id == DEFAULT:
        return default(scope)
    if found is None:
        raise NoSuchConfiguration
    return found


def listed(tx: ReadTransaction, scope: Scope) -> list[Configuration]:
    """The default first."""
    found = {each["Id"]: each for each in tx.range(_key(scope, "configuration"))}
    return [found.pop(DEFAULT, None) or default(scope), *found.values()]


def delete(tx: Transaction, scope: Scope, config_id: str) -> None:
    """Raises NoSuchConfiguration, or InvalidRequest for the default."""
    get(tx, scope, config_id)
    if config_id == DEFAULT:
        raise InvalidRequest("The default dashboard cannot be deleted.")
    tx.delete(_key(scope, "configuration", config_id))
    tx.delete(_key(scope, "tags", config_id))


def tags(tx: ReadTransaction, scope: Scope, config_id: str) -> dict[str, str]:
    """Raises NoSuchConfiguration."""
    get(tx, scope, config_id)
    found: dict[str, str] | None = tx.get(_key(scope, "tags", config_id))
    return found or {}


def set_tags(tx: Transaction, scope: Scope, config_id: str, wanted: dict[str, str]) -> None:
    """Raises NoSuchConfiguration."""
    get(tx, scope, config_id)
    tx.put(_key(scope, "tags", config_id), wanted)


def _key(scope: Scope, kind: str, *config_id: str) -> Key:
    return scope.key("s3control", "storage-lens", kind, *config_id)
