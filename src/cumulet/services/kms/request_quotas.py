"""How many calls a second KMS takes from an account in a Region, where the cloud is told to hold its callers to the
quotas of AWS. Calls that services make on behalf of the account count.

Source: KMS Developer Guide, request quotas."""

from __future__ import annotations

from datetime import datetime

from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Transaction
from cumulet.services.kms.errors import ThrottlingException

_SYMMETRIC, _ASYMMETRIC = "symmetric", "asymmetric"
_SHARED = {
    _SYMMETRIC: 10_000,
    _ASYMMETRIC: 1_000,
}
_KINDS = dict.fromkeys(
    ("decrypt", "encrypt", "generate_data_key", "generate_data_key_without_plaintext", "generate_mac",
     "generate_random", "re_encrypt", "verify_mac"),
    _SYMMETRIC,
) | dict.fromkeys(("sign", "verify", "derive_shared_secret", "encapsulate", "decapsulate"), _ASYMMETRIC)  # fmt: skip
_EACH = {
    "cancel_key_deletion": 5, "create_alias": 5, "create_grant": 50, "create_key": 5, "delete_alias": 15,
    "delete_imported_key_material": 15, "describe_key": 2_000, "disable_key": 5, "disable_key_rotation": 15,
    "enable_key": 5, "enable_key_rotation": 15, "get_key_policy": 1_000, "get_key_rotation_status": 1_000,
    "get_public_key": 2_000, "import_key_material": 15, "list_aliases": 500, "list_grants": 100, "list_keys": 500,
    "list_resource_tags": 2_000, "put_key_policy": 15, "replicate_key": 5, "retire_grant": 30, "revoke_grant": 30,
    "rotate_key_on_demand": 5, "schedule_key_deletion": 15, "tag_resource": 10, "untag_resource": 5,
    "update_alias": 5, "update_key_description": 5, "update_primary_region": 5,
}  # fmt: skip


class Spent(Record):
    """How many calls of one kind there were in this second."""

    second: datetime
    calls: int


def spend(tx: Transaction, scope: Scope, operation: str) -> None:
    """Count a call. Raises ThrottlingException for one too many."""
    kind = _KINDS.get(operation, operation)
    most = _SHARED.get(kind) or _EACH.get(kind)
    if most is None:
        return
    second, place = tx.now.replace(microsecond=0), scope.key("kms", "spent", kind)
    spent: Spent | None = tx.get(place)
    calls = spent.calls if spent is not None and spent.second == second else 0
    if calls >= most:
        raise ThrottlingException
    tx.put(place, Spent(second=second, calls=calls + 1))
