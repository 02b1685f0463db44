"""The first forms of lifecycle and notification configurations, told in terms of those that came after them.

On the wire both are the same documents; only clients tell them apart. A rule of the first form names one transition
and a prefix, and a bucket has one destination of each kind."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3.errors import InvalidRequest
from cumulet.services.s3.notifications import ARNS, FUNCTIONS, QUEUES, TOPICS

Configuration = dict[str, Any]

_TRANSITIONS = {"Transition": "Transitions", "NoncurrentVersionTransition": "NoncurrentVersionTransitions"}
_DESTINATIONS = {
    "TopicConfiguration": ("Topic", TOPICS),
    "QueueConfiguration": ("Queue", QUEUES),
    "CloudFunctionConfiguration": ("CloudFunction", FUNCTIONS),
}
_TOO_NEW = "The bucket's configuration cannot be told in the first form of the API. Use {}."


def lifecycle_as_now(given: Configuration) -> Configuration:
    """A lifecycle configuration of the first form, as PutBucketLifecycleConfiguration takes it."""
    return {"Rules": [_rule_as_now(rule) for rule in given.get("Rules") or []]}


def lifecycle_as_then(kept: Configuration) -> Configuration:
    """Raises InvalidRequest for a configuration that has no first form."""
    return {"Rules": [_rule_as_then(rule) for rule in kept["Rules"]]}


def notification_as_now(given: Configuration) -> Configuration:
    """A notification configuration of the first form, as PutBucketNotificationConfiguration takes it."""
    now: Configuration = {}
    for name, (member, kind) in _DESTINATIONS.items():
        rule = given.get(name)
        if rule and rule.get(member):
            named = {"Id": rule["Id"]} if rule.get("Id") else {}
            now[kind] = [{**named, ARNS[kind]: rule[member], "Events": _events(rule)}]
    return now


def notification_as_then(kept: Configuration) -> Configuration:
    """Raises InvalidRequest for a configuration that has no first form."""
    then: Configuration = {}
    for name, (member, kind) in _DESTINATIONS.items():
        rules = kept.get(kind) or []
        if len(rules) > 1 or any("Filter" in rule for rule in rules):
            raise InvalidRequest(_TOO_NEW.format("GetBucketNotificationConfiguration"))
        for rule in rules:
            then[name] = {"Id": rule["Id"], member: rule[ARNS[kind]], "Events": rule["Events"]}
    return then


def _events(rule: Configuration) -> list[str]:
    events = list(rule.get("Events") or [])
    if rule.get("Event") and rule["Event"] not in events:
        events.append(rule["Event"])
    return events


def _rule_as_now(rule: Configuration) -> Configuration:
    now = {name: value for name, value in rule.items() if name not in _TRANSITIONS}
    return now | {many: [rule[one]] for one, many in _TRANSITIONS.items() if rule.get(one) is not None}


def _rule_as_then(rule: Configuration) -> Configuration:
    then = {name: value for name, value in rule.items() if name not in (*_TRANSITIONS.values(), "Filter")}
    given = rule.get("Filter") or {}
    if set(given) - {"Prefix"} or any(len(rule.get(many) or []) > 1 for many in _TRANSITIONS.values()):
        raise InvalidRequest(_TOO_NEW.format("GetBucketLifecycleConfiguration"))
    then.setdefault("Prefix", given.get("Prefix") or "")
    return then | {one: rule[many][0] for one, many in _TRANSITIONS.items() if rule.get(many)}
