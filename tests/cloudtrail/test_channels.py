"""Channels: events of other applications come into event data stores."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.conftest import lake, query, selector
from tests.conftest import connect


def refusal(call, **parameters) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def event(name: str, **more: Any) -> str:
    return json.dumps({
        "version": "1.0", "userIdentity": {"type": "CustomUserIdentity", "principalId": "joe",
                         "details": {"team": "red"}},
        "eventSource": "shop.example.com", "eventName": name, "eventTime": "2026-01-02T03:04:05Z", "UID": f"uid-{name}",
        "recipientAccountId": "111122223333", **more,
    })  # fmt: skip


@pytest.fixture
def store(cloudtrail) -> str:
    return lake(cloudtrail, AdvancedEventSelectors=selector("ActivityAuditLog"), RetentionPeriod=3653)


@pytest.fixture
def channel(cloudtrail, store) -> str:
    made = cloudtrail.create_channel(
        Name="shop", Source="Custom", Destinations=[{"Type": "EVENT_DATA_STORE", "Location": store}]
    )
    return str(made["ChannelArn"])


def test_events_come_into_the_store(cloudtrail, client, store, channel):
    told = client("cloudtrail-data").put_audit_events(
        channelArn=channel, auditEvents=[{"id": "one", "eventData": event("Sold")}]
    )
    found = query(
        cloudtrail,
        "SELECT eventID, eventCategory, eventData.eventName AS name, eventData.userIdentity.details['team'] AS team, "
        f"eventData.uid AS uid, metadata.channelARN AS channel FROM {store}",
    )
    status = cloudtrail.get_channel(Channel=channel)["IngestionStatus"]

    assert told["failed"] == []
    assert found == [
        {
            "eventID": told["successful"][0]["eventID"],
            "eventCategory": "ActivityAuditLog",
            "name": "Sold",
            "team": "red",
            "uid": "uid-Sold",
            "channel": channel,
        }
    ]
    assert status["LatestIngestionSuccessEventID"] == told["successful"][0]["eventID"]


def test_each_event_is_judged_for_itself(client, cloudtrail, store, channel):
    good = event("Good")
    events = [
        {"id": "good", "eventData": good, "eventDataChecksum": _checksum(good)},
        {"id": "changed", "eventData": good, "eventDataChecksum": _checksum("other")},
        {"id": "no-json", "eventData": "{"},
        {"id": "lacking", "eventData": "{}"},
        {"id": "unknown", "eventData": event("X", extra=1)},
        {"id": "no-time", "eventData": event("X", eventTime="yesterday")},
    ]
    told = client("cloudtrail-data").put_audit_events(channelArn=channel, auditEvents=events)

    assert [each["id"] for each in told["successful"]] == ["good"]
    assert {each["id"]: each["errorCode"] for each in told["failed"]} == {
        "changed": "InvalidChecksum",
        "no-json": "InvalidData",
        "lacking": "InvalidData",
        "unknown": "InvalidData",
        "no-time": "InvalidData",
    }
    assert query(cloudtrail, f"SELECT count(*) AS n FROM {store}") == [{"n": "1"}]


def _checksum(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_refusals(client, cloudtrail, channel):
    data = client("cloudtrail-data")
    one = {"id": "x", "eventData": event("X")}
    nobody = channel[:-36] + "11111111-1111-4111-8111-111111111111"

    assert refusal(data.put_audit_events, channelArn=nobody, auditEvents=[one]) == "ChannelNotFound"
    assert refusal(data.put_audit_events, channelArn=channel, auditEvents=[one, one]) == "DuplicatedAuditEventId"
    assert refusal(data.put_audit_events, channelArn="arn:aws:x", auditEvents=[one]) == "InvalidChannelARN"
    other = lake(cloudtrail)
    destinations = [{"Type": "EVENT_DATA_STORE", "Location": other}]
    wanted = {"Name": "mixed", "Source": "Custom", "Destinations": destinations}
    assert refusal(cloudtrail.create_channel, **wanted) == "InvalidEventDataStoreCategoryException"
    assert refusal(cloudtrail.create_channel, **{**wanted, "Source": "Nobody"}) == "InvalidSourceException"


def test_another_account_needs_the_channels_policy(shared_cloud, cloudtrail, account, channel):
    other = f"{int(account) + 1:012}"
    stranger = connect(shared_cloud, "cloudtrail-data", account=other)
    one = {"channelArn": channel, "auditEvents": [{"id": "x", "eventData": event("X")}], "externalId": "secret"}
    refused = refusal(stranger.put_audit_events, **one)
    statement = {
        "Effect": "Allow", "Principal": {"AWS": other}, "Action": "cloudtrail-data:PutAuditEvents", "Resource": channel,
        "Condition": {"StringEquals": {"cloudtrail:ExternalId": "secret"}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloudtrail.put_resource_policy(ResourceArn=channel, ResourcePolicy=policy)
    accepted = stranger.put_audit_events(**one)

    assert refused == "AccessDeniedException"
    assert len(accepted["successful"]) == 1
    assert refusal(stranger.put_audit_events, **{**one, "externalId": "guess"}) == "AccessDeniedException"
    assert cloudtrail.get_resource_policy(ResourceArn=channel)["ResourcePolicy"] == policy
    cloudtrail.delete_resource_policy(ResourceArn=channel)
    assert refusal(cloudtrail.get_resource_policy, ResourceArn=channel) == "ResourcePolicyNotFoundException"


def test_policies_are_held_to_the_language(cloudtrail, channel):
    put = cloudtrail.put_resource_policy
    assert refusal(put, ResourceArn=channel, ResourcePolicy="{}") == "ResourcePolicyNotValidException"
    trail = channel.replace(":channel/", ":trail/")
    assert refusal(put, ResourceArn=trail, ResourcePolicy="{}") == "ResourceTypeNotSupportedException"
    assert refusal(put, ResourceArn="nothing", ResourcePolicy="{}") == "ResourceARNNotValidException"


def test_channels_are_changed_listed_and_deleted(cloudtrail, channel):
    changed = cloudtrail.update_channel(Channel=channel, Name="store")
    cloudtrail.add_tags(ResourceId=channel, TagsList=[{"Key": "team", "Value": "red"}])
    tagged = cloudtrail.list_tags(ResourceIdList=[channel])["ResourceTagList"][0]["TagsList"]
    listed = cloudtrail.list_channels()["Channels"]
    cloudtrail.delete_channel(Channel=channel)

    assert changed["Name"] == "store"
    assert tagged == [{"Key": "team", "Value": "red"}]
    assert listed == [{"ChannelArn": channel, "Name": "store"}]
    assert refusal(cloudtrail.get_channel, Channel=channel) == "ChannelNotFoundException"
