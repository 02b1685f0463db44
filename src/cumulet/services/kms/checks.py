"""Whether the records of KMS agree with each other. What each finding says would be a bug of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import grants, multi_region
from cumulet.services.kms.keys import Key


def check(tx: ReadTransaction, blobs: Blobs) -> Iterator[str]:
    """A sentence for each thing that is wrong."""
    found = [value for value in tx.range(("kms",)) if isinstance(value, Key)]
    for key in found:
        yield from _check_family(tx, key)
        yield from _check_grants(tx, key)
    for scope in {key.scope for key in found}:
        yield from _check_aliases(tx, scope)


def _check_family(tx: ReadTransaction, key: Key) -> Iterator[str]:
    if key.multi_region:
        members = multi_region.family(tx, key)
        if key.region not in (members.primary, *members.replicas):
            yield f"{key.arn} is none of its related keys"


def _check_grants(tx: ReadTransaction, key: Key) -> Iterator[str]:
    given = {grant.id: grant for grant in tx.range(key.scope.key("kms", "grants", key.id))}
    indexed = Counter((place[-2], place[-1]) for place, _ in tx.items(key.scope.key("kms", "grantees", key.id)))
    if indexed != Counter((grant.holder, grant.id) for grant in given.values()):
        yield f"the grants of {key.arn} are not those that are known of their grantees"
    if (tx.get(grants.count_of(key)) or 0) != len(given):
        yield f"{key.arn} has {len(given)} grants and counts {tx.get(grants.count_of(key))}"


def _check_aliases(tx: ReadTransaction, scope: Scope) -> Iterator[str]:
    pointing = {alias.name: alias.key_id for alias in tx.range(scope.key("kms", "aliases"))}
    targets = {place[-1]: key_id for place, key_id in tx.items(scope.key("kms", "targets"))}
    of_keys = {place[-1]: place[-2] for place, _ in tx.items(scope.key("kms", "aliases-of"))}
    if not pointing == targets == of_keys:
        yield f"the aliases in {scope.region} of {scope.account} and their indexes differ"
    for name, key_id in pointing.items():
        if tx.get(scope.key("kms", "keys", key_id)) is None:
            yield f"{name} points to the key {key_id}, which is gone"
