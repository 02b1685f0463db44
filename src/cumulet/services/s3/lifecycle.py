"""Lifecycle configurations: what S3 takes, and the rules as the ageing of objects reads them.

Source: S3 API Reference, PutBucketLifecycleConfiguration; S3 User Guide, "Managing the lifecycle of objects"."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any, NamedTuple

from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, filters, midnights, storage_classes
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXML, NoSuchLifecycleConfiguration
from cumulet.services.s3.filters import Filter

KIND = "lifecycle"
JOB = "s3.apply_lifecycle"
ALL_128K, VARIES = "all_storage_classes_128K", "varies_by_storage_class"
NOT_WITH_MFA_DELETE = "MFA Delete and a lifecycle configuration cannot be used on the same bucket."
_MOST_RULES = 1000
_LONGEST_ID = 255
_MOST_KEPT = 100
_MOST_DAYS = 2_147_483_647
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_INFREQUENT_DAYS = 30
_TARGETS = ("STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
)


class Transition(NamedTuple):
    """To `storage_class`, some days after creation, or after `newer` newer noncurrent versions came; or on a date."""

    storage_class: str
    days: int | None = None
    date: datetime | None = None
    newer: int = 0


class Rule(NamedTuple):
    """An enabled rule. Absent actions are None."""

    id: str
    filter: Filter
    days: int | None = None
    date: datetime | None = None
    markers: bool = False
    """Whether a delete marker with nothing behind it goes."""
    transitions: tuple[Transition, ...] = ()
    noncurrent_days: int | None = None
    noncurrent_newer: int = 0
    """How many noncurrent versions are kept whatever their age."""
    noncurrent_transitions: tuple[Transition, ...] = ()
    abort_days: int | None = None


def configure(tx: Transaction, name: str, rules: list[dict[str, Any]], minimum: str | None) -> str:
    """Set the rules, and have them applied from the next midnight on. Returns the minimum size's policy.

    Raises MalformedXML, InvalidArgument or InvalidRequest."""
    minimum = ALL_128K if minimum is None else minimum
    if minimum not in (ALL_128K, VARIES):
        raise InvalidRequest(f"Invalid TransitionDefaultMinimumObjectSize found: {minimum}")
    check(rules)
    if buckets.get(tx, name).mfa_delete:
        raise InvalidRequest(NOT_WITH_MFA_DELETE)
    kept = [rule if rule.get("ID") else {**rule, "ID": tx.ids.alphanumeric(48)} for rule in rules]
    buckets.configure(tx, name, KIND, {"Rules": kept, "TransitionDefaultMinimumObjectSize": minimum})
    schedule(tx, buckets.get(tx, name))
    return minimum


def schedule(tx: Transaction, bucket: Bucket) -> None:
    """Look at the bucket's objects at the next midnight (UTC)."""
    at = midnights.after(tx.now)
    scope = Scope(account=bucket.account, region=bucket.region)
    tx.schedule(at, JOB, {"bucket": bucket.name, "as_of": at}, scope=scope, key=bucket.name)


def configuration(tx: ReadTransaction, name: str) -> dict[str, Any]:
    """Raises NoSuchLifecycleConfiguration."""
    found = buckets.configuration(tx, name, KIND)
    if found is None:
        raise NoSuchLifecycleConfiguration(BucketName=name)
    return found


def enabled_rules(configured: dict[str, Any] | None) -> list[Rule]:
    """The rules that have an effect, in their order."""
    return [_parse(rule) for rule in (configured or {}).get("Rules", []) if rule["Status"] == "Enabled"]


def check(rules: list[dict[str, Any]]) -> None:
    """Raises MalformedXML, InvalidArgument or InvalidRequest for what AWS refuses."""
    if not 1 <= len(rules) <= _MOST_RULES:
        raise MalformedXML
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) != len(ids):
        raise InvalidArgument("Rule ID must be unique. Found same ID for more than one rule")
    if len({"Filter" in rule for rule in rules}) > 1:
        raise InvalidRequest("Filter element can only be used in Lifecycle V2.")
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: dict[str, Any]) -> None:
    if rule.get("Status") not in ("Enabled", "Disabled") or ("Filter" not in rule and "Prefix" not in rule):
        raise MalformedXML
    if len(rule.get("ID") or "") > _LONGEST_ID:
        raise InvalidArgument(f"ID length should not exceed allowed limit of {_LONGEST_ID}")
    filters.check(rule)
    if not any(rule.get(name) is not None for name in _ACTIONS):
        raise InvalidRequest("At least one action needs to be specified in a rule")
    _check_expiration(rule)
    _check_transitions(rule)
    _check_noncurrent(rule)
    _check_abort(rule)


def _check_expiration(rule: dict[str, Any]) -> None:
    expiration = rule.get("Expiration")
    if expiration is None:
        return
    if sum(expiration.get(name) is not None for name in ("Days", "Date", "ExpiredObjectDeleteMarker")) != 1:
        raise MalformedXML
    _check_days(expiration.get("Days"), "'Days' for Expiration action must be a positive integer")
    _check_date(expiration.get("Date"))
    if "ExpiredObjectDeleteMarker" in expiration and filters.of_rule(rule).tags:
        raise InvalidRequest("ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _check_transitions(rule: dict[str, Any]) -> None:
    transitions = rule.get("Transitions") or []
    prefix = filters.of_rule(rule).prefix
    for each in transitions:
        if (each.get("Days") is None) == (each.get("Date") is None):
            raise MalformedXML
        _check_days(each.get("Days"), "'Days' for Transition action must be nonnegative", at_least=0)
        _check_date(each.get("Date"))
        _check_target(each, "Days", "Transition")
    timed = [each for each in [*transitions, rule.get("Expiration") or {}] if {"Days", "Date"} & each.keys()]
    if len({"Days" in each for each in timed}) > 1:
        raise InvalidRequest(
            f"Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for prefix "
            f"'{prefix}'"
        )
    _check_chain(transitions, "Days", "Transition", prefix)
    _check_end(transitions, rule.get("Expiration") or {}, "Days", prefix)


def _check_noncurrent(rule: dict[str, Any]) -> None:
    expiration = rule.get("NoncurrentVersionExpiration")
    transitions = rule.get("NoncurrentVersionTransitions") or []
    for each in [*transitions, *([expiration] if expiration is not None else [])]:
        kept = each.get("NewerNoncurrentVersions")
        if each.get("NoncurrentDays") is None:
            raise MalformedXML
        if kept is not None and not 1 <= kept <= _MOST_KEPT:
            raise InvalidArgument(
                f"'NewerNoncurrentVersions' must be a positive integer no greater than {_MOST_KEPT}",
                ArgumentName="NewerNoncurrentVersions",
                ArgumentValue=str(kept),
            )
    for each in transitions:
        words = "'NoncurrentDays' for NoncurrentVersionTransition action must be nonnegative"
        _check_days(each["NoncurrentDays"], words, at_least=0)
        _check_target(each, "NoncurrentDays", "NoncurrentVersionTransition")
    if expiration is not None:
        words = "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"
        _check_days(expiration["NoncurrentDays"], words)
    prefix = filters.of_rule(rule).prefix
    _check_chain(transitions, "NoncurrentDays", "NoncurrentVersionTransition", prefix)
    _check_end(transitions, expiration or {}, "NoncurrentDays", prefix)


def _check_abort(rule: dict[str, Any]) -> None:
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort is None:
        return
    if abort.get("DaysAfterInitiation") is None:
        raise MalformedXML
    words = "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"
    _check_days(abort["DaysAfterInitiation"], words)
    parsed = filters.of_rule(rule)
    if parsed.tags:
        raise InvalidRequest("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    if parsed.has_size:
        raise InvalidRequest("AbortIncompleteMultipartUpload cannot be specified with Object Size.")


def _check_days(days: int | None, words: str, *, at_least: int = 1) -> None:
    if days is not None and not at_least <= days <= _MOST_DAYS:
        raise InvalidArgument(words)


def _check_date(date: datetime | None) -> None:
    if date is not None and (date.hour or date.minute or date.second or date.microsecond):
        text = date.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        raise InvalidArgument("'Date' must be at midnight GMT", ArgumentName="Date", ArgumentValue=text)


def _check_target(transition: dict[str, Any], member: str, action: str) -> None:
    target = transition.get("StorageClass")
    if target not in _TARGETS:
        raise MalformedXML
    days = transition.get(member)
    if target in _INFREQUENT and days is not None and days < _INFREQUENT_DAYS:
        raise InvalidArgument(
            f"'{member}' in {action} action must be greater than or equal to {_INFREQUENT_DAYS} for storageClass "
            f"'{target}'",
            ArgumentName=member,
            ArgumentValue=str(days),
        )


def _check_chain(transitions: list[dict[str, Any]], member: str, action: str, prefix: str) -> None:
    """Each class at most once, deeper ones later; what became infrequent access stays so for 30 days."""
    targets = [each["StorageClass"] for each in transitions]
    if len(set(targets)) != len(targets):
        raise InvalidRequest(
            f"'StorageClass' must be different for '{action}' actions in same 'Rule' with prefix '{prefix}'"
        )
    chain = sorted(transitions, key=lambda each: storage_classes.CLASSES[each["StorageClass"]].depth)
    for earlier, later in itertools.pairwise(chain):
        pause = _INFREQUENT_DAYS if earlier["StorageClass"] in _INFREQUENT else 1
        if member in earlier and member in later and later[member] < earlier[member] + pause:
            raise InvalidArgument(
                f"'{member}' in the '{action}' action for StorageClass '{later['StorageClass']}' for prefix "
                f"'{prefix}' must be {pause} days more than '{member}' in the '{action}' action for StorageClass "
                f"'{earlier['StorageClass']}'"
            )
        if "Date" in earlier and "Date" in later and later["Date"] <= earlier["Date"]:
            raise InvalidArgument(
                f"'Date' in the '{action}' action for StorageClass '{later['StorageClass']}' for prefix '{prefix}' "
                f"must be later than that for StorageClass '{earlier['StorageClass']}'"
            )


def _check_end(transitions: list[dict[str, Any]], expiration: dict[str, Any], member: str, prefix: str) -> None:
    for name in (member, "Date"):
        end = expiration.get(name)
        if end is not None and any(name in each and each[name] >= end for each in transitions):
            raise InvalidArgument(
                f"'{name}' in the Expiration action for prefix '{prefix}' must be greater than '{name}' in the "
                "Transition action"
            )


def _parse(rule: dict[str, Any]) -> Rule:
    expiration = rule.get("Expiration") or {}
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    return Rule(
        id=rule["ID"],
        filter=filters.of_rule(rule),
        days=expiration.get("Days"),
        date=expiration.get("Date"),
        markers=bool(expiration.get("ExpiredObjectDeleteMarker")),
        transitions=tuple(
            Transition(each["StorageClass"], each.get("Days"), each.get("Date"))
            for each in rule.get("Transitions") or []
        ),
        noncurrent_days=noncurrent.get("NoncurrentDays"),
        noncurrent_newer=noncurrent.get("NewerNoncurrentVersions") or 0,
        noncurrent_transitions=tuple(
            Transition(each["StorageClass"], each["NoncurrentDays"], None, each.get("NewerNoncurrentVersions") or 0)
            for each in rule.get("NoncurrentVersionTransitions") or []
        ),
        abort_days=(rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"),
    )
