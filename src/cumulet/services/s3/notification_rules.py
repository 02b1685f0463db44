"""What may stand in a bucket's notification configuration. The events themselves are in notifications.py."""

from __future__ import annotations

import itertools
import re
from typing import Any

from cumulet.kernel.ids import Ids
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import InvalidArgument, MalformedXML
from cumulet.services.s3.notifications import ARNS, EVENT_BRIDGE, FUNCTIONS, QUEUES, TOPICS

MOST_RULES = 100
"""Of one bucket (S3 quotas)."""

EVENTS = frozenset(
    (
        "s3:ReducedRedundancyLostObject", "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*",
        "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*",
        "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete", "s3:Replication:*",
        "s3:Replication:OperationFailedReplication", "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationMissedThreshold", "s3:Replication:OperationReplicatedAfterThreshold",
        "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectAcl:Put", "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated", "s3:ObjectTagging:*",
        "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete", "s3:ObjectAnnotation:*", "s3:ObjectAnnotation:Put",
        "s3:ObjectAnnotation:Delete", "s3:ObjectRetention:Put"
    )
)  # fmt: skip
_ARGUMENTS = {TOPICS: "Topic", QUEUES: "Queue", FUNCTIONS: "CloudFunction"}
_SERVICES = {TOPICS: "sns", QUEUES: "sqs", FUNCTIONS: "lambda"}
_ARN = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]+):([0-9]{12}):(\S{1,512})")
_LONGEST_VALUE_BYTES = 1024
_LONGEST_ID = 255

Rule = dict[str, Any]


def checked(configuration: dict[str, Any], bucket: Bucket, ids: Ids) -> dict[str, Any]:
    """The configuration as S3 keeps it: every rule has an id. Raises InvalidArgument or MalformedXML."""
    kept: dict[str, Any] = {}
    for kind in ARNS:
        rules = [_rule(kind, rule, bucket, ids) for rule in configuration.get(kind) or []]
        if rules:
            kept[kind] = rules
    everything = [rule for kind in ARNS for rule in kept.get(kind, [])]
    if len(everything) > MOST_RULES:
        raise InvalidArgument(f"The number of notification configurations exceeds the limit of {MOST_RULES}.")
    _check_ids(everything)
    for one, other in itertools.combinations(everything, 2):
        _check_overlap(one, other)
    if configuration.get(EVENT_BRIDGE) is not None:
        kept[EVENT_BRIDGE] = {}
    return kept


def _rule(kind: str, rule: Rule, bucket: Bucket, ids: Ids) -> Rule:
    arn = rule[ARNS[kind]]
    _check_arn(kind, arn, bucket)
    _check_events(rule.get("Events") or [])
    rule_id = rule.get("Id") or ids.alphanumeric(48)
    if len(rule_id) > _LONGEST_ID:
        raise InvalidArgument(f"ID length should not exceed allowed limit of {_LONGEST_ID}", ArgumentName="Id")
    kept = {"Id": rule_id, ARNS[kind]: arn, "Events": list(rule["Events"])}
    rules = ((rule.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []
    if rules:
        kept["Filter"] = {"Key": {"FilterRules": _filter_rules(rules)}}
    return kept


def _check_arn(kind: str, arn: str, bucket: Bucket) -> None:
    argument = {"ArgumentName": _ARGUMENTS[kind], "ArgumentValue": arn[:1024]}
    parsed = _ARN.fullmatch(arn)
    if parsed is None:
        raise InvalidArgument("The ARN could not be parsed", **argument)
    if parsed[2] != _SERVICES[kind] or (kind == FUNCTIONS and not parsed[5].startswith("function:")):
        raise InvalidArgument("The ARN is not well formed", **argument)
    if parsed[3] != bucket.region:
        raise InvalidArgument(
            "The notification destination service region is not valid for the bucket location constraint", **argument
        )
    if kind != FUNCTIONS and arn.endswith(".fifo"):
        raise InvalidArgument(
            "Unable to validate the following destination configurations",
            ArgumentName1=arn,
            ArgumentValue1="FIFO destinations are not supported",
        )


def _check_events(events: list[str]) -> None:
    if not events:
        raise MalformedXML
    for event in events:
        if event not in EVENTS:
            raise InvalidArgument(
                "The event is not supported for notifications", ArgumentName="Event", ArgumentValue=event[:1024]
            )


def _filter_rules(rules: list[dict[str, str]]) -> list[dict[str, str]]:
    kept = []
    for rule in rules:
        name, value = rule.get("Name") or "", rule.get("Value") or ""
        if name.lower() not in ("prefix", "suffix"):
            raise InvalidArgument(
                "filter rule name must be either prefix or suffix",
                ArgumentName="FilterRule.Name",
                ArgumentValue=name[:1024],
            )
        if len(value.encode()) > _LONGEST_VALUE_BYTES:
            raise InvalidArgument(
                f"Size of filter rule value cannot exceed {_LONGEST_VALUE_BYTES} bytes in UTF-8 representation",
                ArgumentName="FilterRule.Value",
            )
        kept.append({"Name": name.capitalize(), "Value": value})
    for name in ("prefix", "suffix"):
        if sum(rule["Name"].lower() == name for rule in kept) > 1:
            raise InvalidArgument(
                f"Cannot specify more than one {name} rule in a filter.",
                ArgumentName="FilterRule.Name",
                ArgumentValue=name,
            )
    return kept


def _check_ids(rules: list[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule["Id"] in seen:
            raise InvalidArgument(
                "Same ID used for multiple configurations. IDs must be unique",
                ArgumentName="id",
                ArgumentValue=rule["Id"],
            )
        seen.add(rule["Id"])


def _check_overlap(one: Rule, other: Rule) -> None:
    """One event of one object may go to one destination only; who wants several goes through a topic."""
    if not any(_same_event(a, b) for a in one["Events"] for b in other["Events"]):
        return
    (prefix, suffix), (other_prefix, other_suffix) = _bounds(one), _bounds(other)
    if not (prefix.startswith(other_prefix) or other_prefix.startswith(prefix)):
        return
    if not (suffix.endswith(other_suffix) or other_suffix.endswith(suffix)):
        return
    if not (prefix or suffix or other_prefix or other_suffix):
        raise InvalidArgument(
            "Configurations overlap. Configurations on the same bucket cannot share a common event type."
        )
    raise InvalidArgument(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
        "overlapping for the same event type."
    )


def _same_event(one: str, other: str) -> bool:
    if one.endswith("*"):
        return other.startswith(one[:-1])
    return one.startswith(other[:-1]) if other.endswith("*") else one == other


def _bounds(rule: Rule) -> tuple[str, str]:
    rules = rule.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    values = {each["Name"].lower(): each["Value"] for each in rules}
    return values.get("prefix", ""), values.get("suffix", "")
