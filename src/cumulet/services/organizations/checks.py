"""What must be true of the organizations: trees hold together, pointers lead where they should, indexes agree."""

from __future__ import annotations

from collections.abc import Iterator

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import ReadTransaction
from cumulet.services.organizations import organizations, tree
from cumulet.services.organizations.organizations import Organization


def check(tx: ReadTransaction, _: Blobs) -> Iterator[str]:
    for key, value in tx.items(("organizations",)):
        if isinstance(value, Organization):
            yield from _check_tree(tx, value)
            yield from _check_attachments(tx, value)
        elif key[2] == "belongs-to":
            organization = organizations.of(tx, key[1])
            if organization is None or tree.member(tx, organization, key[1]) is None:
                yield f"account {key[1]} points to an organization of {value} that does not know it"


def _check_tree(tx: ReadTransaction, organization: Organization) -> Iterator[str]:
    indexed = {(key[3], key[5]) for key, _ in tx.items(organization.key("children"))}
    kept = {(m.parent, m.number) for m in tx.range(organization.key("accounts"))}
    kept |= {(u.parent, u.id) for u in tx.range(organization.key("units"))}
    for parent, child in indexed ^ kept:
        yield f"the index of {organization.id} and its records differ on {child} in {parent}"
    for parent, child in kept:
        if not tree.is_parent(tx, organization, parent):
            yield f"{child} is in {parent}, which is not there"


def _check_attachments(tx: ReadTransaction, organization: Organization) -> Iterator[str]:
    held = {(key[3], key[5]) for key, _ in tx.items(organization.key("attached"))}
    targets = {(key[4], key[3]) for key, _ in tx.items(organization.key("targets"))}
    for target, policy in held ^ targets:
        yield f"{policy} of {organization.id} is attached to {target} in one index only"
