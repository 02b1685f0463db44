"""The ledger of use: what each principal did, to what, where and when. Its size is bounded however much is done.

It answers when a service, a role or a key was last used, and from which calls a policy could be made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace

if TYPE_CHECKING:
    from cumulet.kernel.store import ReadTransaction, Transaction

MOST_RESOURCES = 64
_MOST_REGIONS = 64
_KEPT = timedelta(days=400)
"""IAM User Guide, the tracking period of last accessed information."""


class Use(Record):
    """How a principal used one action. `resources` are ARNs; a last `*` stands for what is too much to list."""

    action: str
    count: int
    first: datetime
    last: datetime
    region: str
    """Where it was last used."""
    regions: tuple[str, ...]
    resources: tuple[str, ...]


class LastActivity(Record):
    """When a principal last did anything, and where."""

    time: datetime
    region: str
    action: str


def of(tx: ReadTransaction, account: str, principal: str, since: datetime | None = None) -> list[Use]:
    """What the user, role or root with this ARN used, by action; with `since`, what it used since then."""
    uses: Iterable[Use] = tx.range(_key(account, principal))
    return [use for use in uses if since is None or use.last >= since]


def of_account(tx: ReadTransaction, account: str) -> Iterator[tuple[str, Use]]:
    """What everybody of an account used: the principal's ARN, and the use."""
    for key, found in tx.items(("audit", account, "use")):
        yield key[3], found


def last_activity(tx: ReadTransaction, account: str, principal: str) -> LastActivity | None:
    found: LastActivity | None = tx.get(("audit", account, "active", principal))
    return found


def add(tx: Transaction, account: str, principal: str, new: Use) -> None:
    """Count further uses of an action."""
    key = _key(account, principal, new.action)
    old: Use | None = tx.get(key)
    tx.put(key, new if old is None else _merged(old, new))
    active = last_activity(tx, account, principal)
    if active is None or active.time <= new.last:
        latest = LastActivity(time=new.last, region=new.region, action=new.action)
        tx.put(("audit", account, "active", principal), latest)


def trim(tx: Transaction, account: str) -> None:
    """Forget what was last done too long ago for anybody to ask."""
    old = [key for key, found in tx.items(("audit", account, "use")) if found.last < tx.now - _KEPT]
    for key in old:
        tx.delete(key)


def generalised(resources: Iterable[str]) -> tuple[str, ...]:
    """At most 64 resources: more of them become what they all begin with, and `*`."""
    distinct = sorted(set(resources))
    if len(distinct) <= MOST_RESOURCES:
        return tuple(distinct)
    return (general(distinct),)


def _merged(old: Use, new: Use) -> Use:
    later = new if new.last >= old.last else old
    return replace(
        old,
        count=old.count + new.count,
        first=min(old.first, new.first),
        last=later.last,
        region=later.region,
        regions=tuple(sorted({*old.regions, *new.regions}))[:_MOST_REGIONS],
        resources=_with(old.resources, new.resources),
    )


def _with(known: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """What was once made general stays so; it takes in what it does not stand for yet."""
    every = (*known, *new)
    is_general = any(len(each) > 1 and each.endswith("*") for each in (*known[:1], *new[:1]))
    return (general(every),) if is_general else generalised(every)


def general(resources: Iterable[str]) -> str:
    """What all of them begin with, and `*`. Of sorted texts, the first and the last differ soonest."""
    ends = [each.rstrip("*") for each in resources]
    low, high = min(ends), max(ends)
    length = next((at for at, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1]), len(low))
    return low[:length] + "*"


def _key(account: str, principal: str, *rest: str) -> Key:
    return ("audit", account, "use", principal, *rest)
