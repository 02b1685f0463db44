"""Whether what IAM keeps agrees with itself: each index with what it is an index of, and each count with its things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.instance_profiles import InstanceProfile
from cumulet.services.iam.roles import Role
from cumulet.services.iam.users import User

Pairs = set[tuple[Any, ...]]


def check(tx: ReadTransaction, blobs: Blobs) -> Iterator[str]:
    """A sentence for each thing that is wrong."""
    kept = [(key[1], key[2], key[3:], value) for key, value in tx.items(("iam",))]
    held = {(account, value.id): value for account, _, _, value in kept if isinstance(value, Entity)}
    yield from _ids(kept, held)
    yield from _counts(kept, held)
    there = {kind: {(account, *rest) for account, found, rest, _ in kept if found == kind} for kind in _INDEXES}
    yield from _differ("members of groups", there["members"], {(a, g, u) for a, u, g in there["groups-of"]})
    yield from _differ("attachments", {(a, h, p) for a, h, p in there["attached"]}, _holders(there["holders"]))
    yield from _differ("boundaries", there["bounded"], _bounded(held))
    yield from _differ("roles of profiles", there["profiles-of"], _profiles(held))
    yield from _owners(there, held)


_INDEXES = ("members", "groups-of", "attached", "holders", "bounded", "profiles-of", "inline")


def _ids(kept: list[tuple[Any, ...]], held: dict[tuple[str, str], Entity]) -> Iterator[str]:
    index = {(account, rest[0], arn) for account, kind, rest, arn in kept if kind == "ids"}
    yield from _differ("unique ids", index, {(account, known, each.arn) for (account, known), each in held.items()})


def _counts(kept: list[tuple[Any, ...]], held: dict[tuple[str, str], Entity]) -> Iterator[str]:
    said = {(account, rest[0]): count for account, kind, rest, count in kept if kind == "count" and count}
    counted = Counter((account, each.kind) for (account, _), each in held.items())
    yield from _differ("counts", set(said.items()), set(counted.items()))


def _holders(there: Pairs) -> Pairs:
    return {(account, holder, policy) for account, policy, _, holder in there}


def _bounded(held: dict[tuple[str, str], Entity]) -> Pairs:
    bound = {key: each for key, each in held.items() if isinstance(each, User | Role) and each.boundary is not None}
    return {(account, each.boundary, each.kind, known) for (account, known), each in bound.items()}


def _profiles(held: dict[tuple[str, str], Entity]) -> Pairs:
    profiles = {key: each for key, each in held.items() if isinstance(each, InstanceProfile) and each.role_id}
    return {(account, each.role_id, known) for (account, known), each in profiles.items()}


def _owners(there: dict[str, Pairs], held: dict[tuple[str, str], Entity]) -> Iterator[str]:
    """What lies under the unique id of somebody who is gone."""
    for kind in ("inline", "attached", "members", "groups-of", "profiles-of"):
        gone = {(account, owner) for account, owner, *_ in there[kind]} - held.keys()
        yield from (f"IAM keeps {kind} of {owner} in {account}, who is gone" for account, owner in sorted(gone))


def _differ(what: str, one: Pairs, other: Pairs) -> Iterator[str]:
    for each in sorted(map(str, one ^ other)):
        yield f"IAM's {what} disagree about {each}"
