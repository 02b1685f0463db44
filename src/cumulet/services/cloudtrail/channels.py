"""Channels: by which events of other applications come into event data stores.

Source: CloudTrail User Guide, integrations with event sources outside of AWS; CloudTrail Data API Reference."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import lake, policies, records, selectors, stores, tags
from cumulet.services.cloudtrail.errors import (
    ChannelAlreadyExistsException,
    ChannelARNInvalidException,
    ChannelMaxLimitExceededException,
    ChannelNotFoundException,
    EventDataStoreNotFoundException,
    InvalidEventDataStoreCategoryException,
    InvalidParameterException,
    InvalidSourceException,
)

_MOST = 25
_LARGEST_EVENT = 256 * 1024
_ARN = re.compile(r"(?:arn:aws[a-z-]*:cloudtrail:([a-z0-9-]+):([0-9]{12}):channel/)?([a-f0-9-]{36})")
_PARTNERS = (
    "Custom", "CloudStorageSecurity", "Clumio", "CrowdStrike", "CyberArk", "GitHub", "Kong", "LaunchDarkly", "Netskope",
    "Nordcloud", "MontyCloud", "OktaSystemLogEvents", "OneIdentity", "Shoreline.io", "Snyk", "Wiz",
)  # fmt: skip
_NEEDED = ("version", "userIdentity", "eventSource", "eventName", "eventTime", "UID")
_KNOWN = frozenset({
    *_NEEDED, "userAgent", "requestParameters", "responseElements", "errorCode", "errorMessage", "sourceIPAddress",
    "recipientAccountId", "additionalEventData",
})  # fmt: skip


class Channel(Record):
    scope: Scope
    id: str
    name: str
    source: str
    destinations: tuple[dict[str, Any], ...]
    succeeded: datetime | None = None
    attempted: datetime | None = None
    succeeded_id: str = ""
    attempted_id: str = ""
    failure: str = ""

    @property
    def arn(self) -> str:
        return self.scope.arn("cloudtrail", f"channel/{self.id}")


class Told(NamedTuple):
    """What became of one event that was put: its new id, or why it was refused."""

    id: str
    event_id: str
    code: str = ""
    message: str = ""


def create(tx: Transaction, new: Channel) -> None:
    if new.source not in _PARTNERS:
        raise InvalidSourceException(f"The source {new.source} is not valid.")
    others = listed(tx, new.scope)
    _check_name(others, new)
    if len(others) >= _MOST:
        raise ChannelMaxLimitExceededException(f"An account can have {_MOST} channels in a Region.")
    _check_destinations(tx, new)
    _put(tx, new)


def update(tx: Transaction, scope: Scope, name: str, changes: Mapping[str, Any]) -> Channel:
    new = replace(find(tx, scope, name), **changes)
    _check_name(listed(tx, scope), new)
    _check_destinations(tx, new)
    _put(tx, new)
    return new


def delete(tx: Transaction, scope: Scope, name: str) -> None:
    channel = find(tx, scope, name)
    tx.delete(channel.scope.key("cloudtrail", "channel", channel.id))
    policies.forget(tx, channel.arn)
    tags.forget(tx, channel.arn)


def find(tx: ReadTransaction, scope: Scope, name: str) -> Channel:
    """By ARN, or its last part. Raises ChannelNotFoundException, ChannelARNInvalidException."""
    found = _ARN.fullmatch(name)
    if found is None:
        raise ChannelARNInvalidException(f"Channel ARN {name[:256]} is not valid.")
    home = scope if found[1] is None else Scope(account=found[2], region=found[1])
    channel: Channel | None = tx.get(home.key("cloudtrail", "channel", found[3]))
    if channel is None or home.region != scope.region:
        raise ChannelNotFoundException
    return channel


def listed(tx: ReadTransaction, scope: Scope) -> list[Channel]:
    return list(tx.range(scope.key("cloudtrail", "channel")))


def _put(tx: Transaction, channel: Channel) -> None:
    tx.put(channel.scope.key("cloudtrail", "channel", channel.id), channel)


def _check_name(others: Sequence[Channel], new: Channel) -> None:
    if any(other.name == new.name and other.id != new.id for other in others):
        raise ChannelAlreadyExistsException(f"A channel with the name {new.name} already exists.")


def _check_destinations(tx: ReadTransaction, channel: Channel) -> None:
    for each in channel.destinations:
        if each["Type"] != "EVENT_DATA_STORE":
            raise InvalidParameterException("The destination of a channel has to be an event data store.")
        store = stores.active(tx, channel.scope, each["Location"])
        if store.scope.account != channel.scope.account:
            raise EventDataStoreNotFoundException
        if selectors.category(store.selectors) != "ActivityAuditLog":
            raise InvalidEventDataStoreCategoryException(
                "The event data store has to be for events of the category ActivityAuditLog."
            )


def take(tx: Transaction, scope: Scope, name: str, given: Sequence[Mapping[str, Any]]) -> list[Told]:
    """Keep the events that are as they have to be in the channel's event data stores."""
    channel = find(tx, scope, name)
    told: list[Told] = []
    events: list[dict[str, Any]] = []
    for each in given:
        found, data = _checked(each, tx.uuid())
        told.append(found)
        if data is not None:
            events.append(_event(channel, data, found.event_id, tx.now))
    for store in _open(tx, channel):
        lake.keep(tx, store, lake.packed(events))
    _put(tx, _noted(channel, told, tx.now))
    return told


def _open(tx: ReadTransaction, channel: Channel) -> Iterator[stores.DataStore]:
    for each in channel.destinations:
        store = stores.find(tx, channel.scope, each["Location"])
        if store.status == stores.ENABLED:
            yield store


def _checked(given: Mapping[str, Any], event_id: str) -> tuple[Told, dict[str, Any] | None]:
    text = given["eventData"]
    if len(text.encode(errors="replace")) > _LARGEST_EVENT:
        return Told(given["id"], "", "InvalidData", "The event is larger than 256 KB."), None
    if (checksum := given.get("eventDataChecksum")) is not None and not _is_checksum(text, checksum):
        return Told(given["id"], "", "InvalidChecksum", "The checksum does not match the event data."), None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Told(given["id"], "", "InvalidData", "The event data is no JSON."), None
    if problem := _problem(data):
        return Told(given["id"], "", "InvalidData", problem), None
    return Told(given["id"], event_id), data


def _is_checksum(text: str, checksum: str) -> bool:
    try:
        return base64.b64decode(checksum, validate=True) == hashlib.sha256(text.encode(errors="replace")).digest()
    except (binascii.Error, ValueError):
        return False


def _problem(data: Any) -> str:
    if not isinstance(data, dict):
        return "The event data has to be an object."
    if missing := [name for name in _NEEDED if not data.get(name)]:
        return f"The event data lacks {', '.join(missing)}."
    if unknown := sorted(data.keys() - _KNOWN):
        return f"The event data has fields that the schema has not: {', '.join(unknown)[:200]}."
    identity = data["userIdentity"]
    if not isinstance(identity, dict) or not identity.get("type") or not identity.get("principalId"):
        return "userIdentity has to have type and principalId."
    try:
        records.parse(str(data["eventTime"]))
    except ValueError:
        return "eventTime has to be a time as in 2023-01-01T12:00:00Z."
    return ""


def _event(channel: Channel, data: Mapping[str, Any], event_id: str, now: datetime) -> dict[str, Any]:
    """As the event data store has it (User Guide, schema of events of integrations)."""
    return {
        "eventVersion": records.VERSION,
        "eventCategory": "ActivityAuditLog",
        "eventType": "ActivityLog",
        "eventID": event_id,
        "eventTime": records.stamp(records.parse(str(data["eventTime"]))),
        "awsRegion": channel.scope.region,
        "recipientAccountId": channel.scope.account,
        "metadata": {"ingestionTime": records.stamp(now), "channelARN": channel.arn},
        "eventData": {("uid" if name == "UID" else name): value for name, value in data.items()},
    }


def _noted(channel: Channel, told: Sequence[Told], now: datetime) -> Channel:
    good = [each.event_id for each in told if each.event_id]
    bad = [each.code for each in told if each.code]
    new = replace(channel, attempted=now, attempted_id=good[-1] if good else "", failure=bad[-1] if bad else "")
    return replace(new, succeeded=now, succeeded_id=good[-1]) if good else new


def as_wire(channel: Channel) -> dict[str, Any]:
    return {
        "ChannelArn": channel.arn,
        "Name": channel.name,
        "Source": channel.source,
        "Destinations": list(channel.destinations),
    }


def status(channel: Channel) -> dict[str, Any]:
    told = {
        "LatestIngestionSuccessTime": channel.succeeded,
        "LatestIngestionSuccessEventID": channel.succeeded_id,
        "LatestIngestionErrorCode": channel.failure,
        "LatestIngestionAttemptTime": channel.attempted,
        "LatestIngestionAttemptEventID": channel.attempted_id,
    }
    return {name: value for name, value in told.items() if value}
