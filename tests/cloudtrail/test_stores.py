"""Event data stores: kept, protected, deleted and restored."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def refusal(call, **parameters) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def test_a_store_is_told_as_it_was_made(cloudtrail):
    made = cloudtrail.create_event_data_store(Name="lake", RetentionPeriod=30)
    told = cloudtrail.get_event_data_store(EventDataStore=made["EventDataStoreArn"])
    listed = cloudtrail.list_event_data_stores()["EventDataStores"]

    assert made["Status"] == "CREATED"
    assert told["Status"] == "ENABLED"
    assert told["RetentionPeriod"] == 30
    assert told["TerminationProtectionEnabled"] is True
    assert told["AdvancedEventSelectors"][0]["FieldSelectors"] == [{"Field": "eventCategory", "Equals": ["Management"]}]
    assert listed == [{"EventDataStoreArn": made["EventDataStoreArn"], "Name": "lake"}]
    assert refusal(cloudtrail.create_event_data_store, Name="lake") == "EventDataStoreAlreadyExistsException"


def test_a_protected_store_stays(cloudtrail):
    arn = cloudtrail.create_event_data_store(Name="lake")["EventDataStoreArn"]

    refused = refusal(cloudtrail.delete_event_data_store, EventDataStore=arn)
    cloudtrail.update_event_data_store(EventDataStore=arn, TerminationProtectionEnabled=False)
    cloudtrail.delete_event_data_store(EventDataStore=arn)
    deleted = cloudtrail.get_event_data_store(EventDataStore=arn)["Status"]
    inactive = refusal(cloudtrail.delete_event_data_store, EventDataStore=arn)
    restored = cloudtrail.restore_event_data_store(EventDataStore=arn)["Status"]

    assert refused == "EventDataStoreTerminationProtectedException"
    assert deleted == "PENDING_DELETION"
    assert inactive == "InactiveEventDataStoreException"
    assert restored == "ENABLED"


def test_ingestion_stops_and_starts(cloudtrail):
    arn = cloudtrail.create_event_data_store(Name="lake")["EventDataStoreArn"]
    cloudtrail.stop_event_data_store_ingestion(EventDataStore=arn)
    stopped = cloudtrail.get_event_data_store(EventDataStore=arn)["Status"]
    again = refusal(cloudtrail.stop_event_data_store_ingestion, EventDataStore=arn)
    cloudtrail.start_event_data_store_ingestion(EventDataStore=arn)

    assert stopped == "STOPPED_INGESTION"
    assert again == "InvalidEventDataStoreStatusException"
    assert cloudtrail.get_event_data_store(EventDataStore=arn)["Status"] == "ENABLED"


def test_an_unknown_store(cloudtrail):
    nobody = "11111111-1111-4111-8111-111111111111"
    assert refusal(cloudtrail.get_event_data_store, EventDataStore=nobody) == "EventDataStoreNotFoundException"
    assert refusal(cloudtrail.get_event_data_store, EventDataStore="nobody") == "EventDataStoreARNInvalidException"
