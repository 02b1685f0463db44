"""Ageing: what lifecycle rules and Intelligent-Tiering make of objects as the days go by.

A bucket is gone through as of a midnight: what is due by then is done, as if it were then, and the earliest instant at
which anything else will be due is found on the way. So a jump of the clock by months is a chain of midnights, each
with its own effects (an object expires on one, its old version goes on a later one), and days on which nothing is due
cost nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.keys import StartsWith
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, lifecycle, midnights, multipart, notifications, objects, tiering
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.lifecycle import Rule, Transition
from cumulet.services.s3.multipart import Upload
from cumulet.services.s3.objects import Object
from cumulet.services.s3.storage_classes import CLASSES, SMALLEST_TRANSITIONED
from cumulet.services.s3.tiering import Tiering

EXPIRE, REMOVE, TRANSITION, ARCHIVE = "expire", "remove", "transition", "archive"
_STEPS_AT_ONCE = 500
"""In one transaction, so that others have their turn; the rest is found due again."""


class Policy(NamedTuple):
    """Everything that ages the objects of one bucket."""

    rules: list[Rule]
    varies: bool = False
    """Whether the smallest size to be moved depends on the class (small objects may go to the archives)."""
    tierings: list[Tiering] = []  # noqa: RUF012 - nobody changes it

    @property
    def prefixes(self) -> list[str]:
        """The prefixes under which to look, none of them under another."""
        wanted = sorted({rule.filter.prefix for rule in self.rules} | {each.filter.prefix for each in self.tierings})
        return [p for i, p in enumerate(wanted) if not any(p.startswith(shorter) for shorter in wanted[:i])]


class Step(NamedTuple):
    """Something that happens to a version at an instant: `kind` is one of the words above."""

    at: datetime
    kind: str
    version: Object
    target: str = ""
    """The storage class or tier that the version moves to."""


class Slice(NamedTuple):
    """What was found in a part of a bucket: keys with something due, the earliest instant of what is not due yet, and
    where to go on (prefix number and key), or None at the end."""

    due: list[str]
    earliest: datetime | None
    position: tuple[int, str] | None


def policy(tx: ReadTransaction, bucket: Bucket) -> Policy:
    configured = buckets.configuration(tx, bucket.name, lifecycle.KIND) if bucket.has(lifecycle.KIND) else None
    varies = (configured or {}).get("TransitionDefaultMinimumObjectSize") == lifecycle.VARIES
    return Policy(lifecycle.enabled_rules(configured), varies, tiering.enabled(tx, bucket))


def quiet_days(held: Policy, bucket: Bucket) -> int:
    """For how many days nothing that is put from now on can be due.

    Where versions are kept, an old one may become current at any time; and where tags count, they may change. There,
    somebody has to look every day."""
    if bucket.versioning or any(rule.filter.tags or rule.date for rule in held.rules):
        return 0
    days = [day for rule in held.rules for day in _days_of(rule)]
    days += [day for each in held.tierings for _, day in each.tiers if not each.filter.tags]
    return 0 if any(each.filter.tags for each in held.tierings) else min(days, default=1)


def survey(
    tx: ReadTransaction, name: str, held: Policy, as_of: datetime, position: tuple[int, str] | None, limit: int
) -> Slice:
    """Look at about `limit` versions from `position` on."""
    number, after = position or (0, "")
    prefixes = held.prefixes
    if number >= len(prefixes):
        return Slice([], None, None)
    due: list[str] = []
    earliest: datetime | None = None
    seen = 0
    for versions in _keys(tx, name, prefixes[number], after, limit):
        for step in steps(held, versions):
            if step.at > as_of:
                earliest = step.at if earliest is None else min(earliest, step.at)
            elif not due or due[-1] != versions[0].key:
                due.append(versions[0].key)
        seen += len(versions)
        if seen >= limit:
            return Slice(due, earliest, (number, versions[0].key))
    return Slice(due, earliest, (number + 1, "") if number + 1 < len(prefixes) else None)


def age(tx: Transaction, blobs: Blobs, name: str, keys: list[str], as_of: datetime) -> datetime | None:
    """Do to these keys what is due as of then. Returns when something else will be due.

    Everything in this transaction happens as of then, so that what it makes (a delete marker) is as old as it would
    be if the rules had run on the day."""
    bucket = buckets.find(tx, name)
    if bucket is None:
        return None
    tx.now = as_of
    held = policy(tx, bucket)
    budget = _STEPS_AT_ONCE
    following: list[datetime | None] = []
    for key in keys:
        at, budget = _age_key(tx, blobs, bucket, held, key, budget) if budget else (as_of, 0)
        following.append(at)
    return min((at for at in following if at is not None), default=None)


def steps(held: Policy, versions: list[Object]) -> Iterator[Step]:
    """Everything that the rules will do to the versions of a key (newest first), if nobody touches them."""
    current = versions[0]
    if current.delete_marker:
        if len(versions) == 1:
            yield from _marker_steps(held, current)
    else:
        yield from _current_steps(held, current)
    for newer, (successor, each) in enumerate(itertools.pairwise(versions)):
        yield from _noncurrent_steps(held, each, successor.modified, newer)
    for each in versions:
        for at, tier in tiering.steps(held.tierings, each):
            yield Step(at, ARCHIVE, each, tier)


def expiration(held: list[Rule], found: Object) -> tuple[datetime, Rule] | None:
    """When the current version of a key will expire, and by which rule."""
    ends = [(at, rule) for rule in held if rule.filter.matches(found) and (at := _end(rule, found)) is not None]
    return min(ends, key=lambda end: end[0], default=None)


def expiration_header(tx: ReadTransaction, bucket: str, found: Object) -> str | None:
    """x-amz-expiration, for the current version of a key that a rule will expire."""
    current = objects.current(tx, bucket, found.key)
    if current is None or current.version != found.version:
        return None
    end = expiration(lifecycle.enabled_rules(buckets.configuration(tx, bucket, lifecycle.KIND)), found)
    if end is None:
        return None
    return f'expiry-date="{objects.http_date(end[0])}", rule-id="{quote(end[1].id, safe="")}"'


def abortion(held: list[Rule], upload: Upload) -> tuple[datetime, Rule] | None:
    """When an upload will be aborted if it is not completed by then, and by which rule."""
    ends = [
        (midnights.after(upload.begun, rule.abort_days), rule)
        for rule in held
        if rule.abort_days is not None and upload.key.startswith(rule.filter.prefix)
    ]
    return min(ends, key=lambda end: end[0], default=None)


def abort_date(tx: ReadTransaction, bucket: str, upload: Upload) -> dict[str, Any]:
    """What CreateMultipartUpload and ListParts tell of when an upload will be aborted."""
    end = abortion(lifecycle.enabled_rules(buckets.configuration(tx, bucket, lifecycle.KIND)), upload)
    return {} if end is None else {"AbortDate": end[0], "AbortRuleId": end[1].id}


def abort_uploads(tx: Transaction, blobs: Blobs, name: str, as_of: datetime, limit: int) -> datetime | None:
    """Abort up to `limit` uploads that are due. Returns when the next will be: `as_of` if there are more due now."""
    bucket = buckets.find(tx, name)
    held = [rule for rule in policy(tx, bucket).rules if rule.abort_days is not None] if bucket else []
    earliest: datetime | None = None
    for upload in tx.range(("s3", "upload", name)) if held else ():
        end = abortion(held, upload)
        if end is None:
            continue
        if end[0] > as_of:
            earliest = end[0] if earliest is None else min(earliest, end[0])
        elif limit:
            multipart.abort(tx, blobs, name, upload)
            limit -= 1
        else:
            return as_of
    return earliest


def _keys(tx: ReadTransaction, name: str, prefix: str, after: str, limit: int) -> Iterator[list[Object]]:
    """The versions of key after key, newest first: a merge of the current ones and the older ones."""
    low = {"after": after} if after else {"since": StartsWith(prefix)}
    older = tx.range(("s3", "version", name), **low, until=StartsWith(prefix))
    behind: Object | None = next(older, None)
    for current in objects.currents(tx, name, **low, until=StartsWith(prefix), limit=limit):
        while behind is not None and behind.key < current.key:
            behind = next(older, None)
        versions = [current]
        while behind is not None and behind.key == current.key:
            versions.append(behind)
            behind = next(older, None)
        yield versions


def _age_key(
    tx: Transaction, blobs: Blobs, bucket: Bucket, held: Policy, key: str, budget: int
) -> tuple[datetime | None, int]:
    """What is due, in as many rounds as it takes, since one thing may bring about the next. Returns when the first of
    what is left is due, and how much of the budget of steps is left."""
    while True:
        current = objects.current(tx, bucket.name, key)
        if current is None:
            return None, budget
        coming = list(steps(held, [current, *objects.older(tx, bucket.name, key)]))
        due = _one_for_each([step for step in coming if step.at <= tx.now])
        if not due:
            return min((step.at for step in coming), default=None), budget
        for step in due[:budget]:
            _do(tx, blobs, bucket, step)
        budget -= len(due)
        if budget <= 0:
            return tx.now, 0


def _one_for_each(due: list[Step]) -> list[Step]:
    """For each version the step that comes before its others; the oldest versions first, so that none moves up while
    those behind it are still to go."""
    chosen: dict[str, Step] = {}
    for step in sorted(due, key=_precedence, reverse=True):
        chosen[step.version.version] = step
    return sorted(chosen.values(), key=lambda step: step.version.sequence)


def _precedence(step: Step) -> tuple[int, int]:
    """Going comes before moving, and the deepest class before the others (S3 User Guide, "Lifecycle conflicts")."""
    depth = CLASSES[step.target].depth if step.kind == TRANSITION else 0
    return ((REMOVE, EXPIRE, TRANSITION, ARCHIVE).index(step.kind), -depth)


def _do(tx: Transaction, blobs: Blobs, bucket: Bucket, step: Step) -> None:
    found = step.version
    if step.kind == REMOVE:
        objects.delete_version(tx, blobs, bucket, found.key, found.version)
        _tell(tx, bucket, "LifecycleExpiration:Delete", found)
    elif step.kind == EXPIRE:
        marker = objects.delete(tx, blobs, bucket, found.key)
        name = "LifecycleExpiration:Delete" if marker is None else "LifecycleExpiration:DeleteMarkerCreated"
        _tell(tx, bucket, name, marker or found)
    elif step.kind == TRANSITION:
        objects.update(tx, bucket.name, _moved(found, step.target, tx.now))
        moved = {"transitionEventData": {"destinationStorageClass": step.target}}
        _tell(tx, bucket, "LifecycleTransition", found, {"lifecycleEventData": moved})
    else:
        objects.update(tx, bucket.name, replace(found, archive_tier=step.target))
        archived = {"destinationAccessTier": step.target}
        _tell(tx, bucket, "IntelligentTiering", found, {"intelligentTieringEventData": archived})


def _tell(tx: Transaction, bucket: Bucket, name: str, found: Object, extra: dict[str, Any] | None = None) -> None:
    if bucket.has(notifications.KIND):
        notifications.emit(tx, bucket, name, found, notifications.by_s3(tx.uuid()), extra)


def _moved(found: Object, target: str, now: datetime) -> Object:
    """In another class. Intelligent-Tiering counts from here on whether the object is read."""
    return replace(
        found, storage_class=target, accessed=now if target == tiering.CLASS else None,
        restore_ready=None, restored_until=None, archive_tier="",
    )  # fmt: skip


def _current_steps(held: Policy, current: Object) -> Iterator[Step]:
    for rule in held.rules:
        if not rule.filter.matches(current):
            continue
        end = _end(rule, current)
        if end is not None:
            yield Step(end, EXPIRE, current)
        for each in rule.transitions:
            if _may_move(held, rule, current, each.storage_class):
                yield Step(_start(each, current.modified), TRANSITION, current, each.storage_class)


def _days_of(rule: Rule) -> Iterator[int]:
    """The days of a rule's actions on what is not a noncurrent version, dates as none."""
    yield from (days for days in (rule.days, rule.abort_days) if days is not None)
    yield from (move.days or 0 for move in rule.transitions)


def _marker_steps(held: Policy, marker: Object) -> Iterator[Step]:
    """A delete marker that hides nothing any more."""
    for rule in held.rules:
        if rule.filter.has_size or not rule.filter.matches(marker):
            continue
        if rule.markers:
            yield Step(midnights.after(marker.modified), REMOVE, marker)
        elif rule.days is not None:
            yield Step(midnights.after(marker.modified, rule.days), REMOVE, marker)


def _noncurrent_steps(held: Policy, each: Object, since: datetime, newer: int) -> Iterator[Step]:
    """`since` is when the version became noncurrent, `newer` how many noncurrent versions are newer than it."""
    for rule in held.rules:
        if not rule.filter.matches(each):
            continue
        if rule.noncurrent_days is not None and newer >= rule.noncurrent_newer and each.legal_hold != "ON":
            at = midnights.after(since, rule.noncurrent_days)
            # A locked version outlives the rule, and goes when its lock has ended.
            yield Step(max(at, midnights.after(each.lock_until)) if each.lock_until else at, REMOVE, each)
        for move in rule.noncurrent_transitions:
            if newer >= move.newer and not each.delete_marker and _may_move(held, rule, each, move.storage_class):
                yield Step(_start(move, since), TRANSITION, each, move.storage_class)


def _end(rule: Rule, found: Object) -> datetime | None:
    return midnights.after(found.modified, rule.days) if rule.days is not None else rule.date


def _start(move: Transition, since: datetime) -> datetime:
    if move.date is not None:
        return move.date
    assert move.days is not None, "a transition has days or a date"
    return midnights.after(since, move.days)


def _may_move(held: Policy, rule: Rule, found: Object, target: str) -> bool:
    """Only to what is deeper; and what is small stays, as moving it would cost more than keeping it."""
    if CLASSES[target].depth <= CLASSES[found.storage_class].depth:
        return False
    if found.size >= SMALLEST_TRANSITIONED or rule.filter.has_size:
        return True
    return held.varies and CLASSES[target].archive
