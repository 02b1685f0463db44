"""Global tables: replicas in other Regions, which all take writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.conftest import connect

NAME = "players"
HOME, AWAY, THIRD = "us-east-1", "us-west-2", "us-east-2"
Clients = Callable[[str], Any]


@pytest.fixture
def cloud(own_cloud):
    return own_cloud


@pytest.fixture
def at(own_cloud, account) -> Clients:
    """A client in a Region."""
    return lambda region: connect(own_cloud, "dynamodb", account=account, region=region)


def make(dynamodb: Any, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "TableName": NAME, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }  # fmt: skip
    return dynamodb.create_table(**(given | more))["TableDescription"]


def change(dynamodb: Any, *updates: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dynamodb.update_table(TableName=NAME, ReplicaUpdates=list(updates), **more)["TableDescription"]


def add(region: str, **more: Any) -> dict[str, Any]:
    return {"Create": {"RegionName": region, **more}}


def take_away(region: str) -> dict[str, Any]:
    return {"Delete": {"RegionName": region}}


def table(dynamodb: Any) -> dict[str, Any]:
    return dynamodb.describe_table(TableName=NAME)["Table"]


def put(dynamodb: Any, key: str, score: str = "0") -> None:
    dynamodb.put_item(TableName=NAME, Item={"pk": {"S": key}, "score": {"N": score}})


def delete(dynamodb: Any, key: str) -> None:
    dynamodb.delete_item(TableName=NAME, Key={"pk": {"S": key}})


def scores(dynamodb: Any) -> dict[str, str]:
    return {item["pk"]["S"]: item["score"]["N"] for item in dynamodb.scan(TableName=NAME)["Items"]}


def refusal(call: Any, *given: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*given, **more)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


# Replicas


def test_a_replica_gets_what_is_there_and_what_comes(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    for number in range(230):
        put(home, str(number))
    told = change(home, add(AWAY))
    put(home, "new", "1")
    cloud.settle()

    assert told["Replicas"] == [{"RegionName": AWAY, "ReplicaStatus": "CREATING"}]
    assert told["TableStatus"] == "UPDATING"
    assert len(scores(away)) == 231 and scores(away) == scores(home)
    put(away, "theirs", "2")
    delete(away, "0")
    cloud.settle()
    assert scores(home) == scores(away) and scores(home)["theirs"] == "2" and "0" not in scores(home)
    assert table(away)["ItemCount"] == 231


def test_replicas_are_described_in_each_region(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    change(home, add(AWAY))
    change(home, add(THIRD))
    cloud.settle()

    assert table(home)["Replicas"] == [{"RegionName": region, "ReplicaStatus": "ACTIVE"} for region in (AWAY, THIRD)]
    assert [each["RegionName"] for each in table(away)["Replicas"]] == [HOME, THIRD]
    assert [each["RegionName"] for each in table(at(THIRD))["Replicas"]] == [HOME, AWAY]
    for region in (HOME, AWAY, THIRD):
        shown = table(at(region))
        assert (shown["GlobalTableVersion"], shown["MultiRegionConsistency"]) == ("2019.11.21", "EVENTUAL")
        assert (shown["TableStatus"], shown["TableArn"].split(":")[3]) == ("ACTIVE", region)
        assert shown["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    put(at(THIRD), "x", "7")
    cloud.settle()
    assert scores(home) == scores(away) == {"x": "7"}


def test_the_last_writer_wins(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    change(home, add(AWAY))
    kernel = cloud.cloud.kernel
    cloud.run(kernel.jobs.stop())  # nothing is replicated for now
    put(home, "a", "1")
    put(away, "a", "2")
    put(away, "b", "1")
    put(home, "b", "2")
    put(home, "c", "1")
    delete(away, "c")
    put(away, "c", "2")
    delete(home, "c")
    before = scores(home), scores(away)
    restart(cloud)
    cloud.settle()

    assert before == ({"a": "1", "b": "2"}, {"a": "2", "b": "1", "c": "2"})
    assert scores(home) == scores(away) == {"a": "2", "b": "2"}


def restart(cloud: Any) -> None:
    async def start() -> None:
        cloud.cloud.kernel.jobs.start()

    cloud.run(start())


def test_replicated_writes_are_in_the_streams_of_all_regions(cloud, at, account):
    home, away = at(HOME), at(AWAY)
    make(home)
    change(home, add(AWAY))
    put(home, "a", "1")
    cloud.settle()
    put(away, "a", "2")
    cloud.settle()
    delete(home, "a")
    cloud.settle()

    for region in (HOME, AWAY):
        streams = connect(cloud, "dynamodbstreams", account=account, region=region)
        arn = table(at(region))["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        begin = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = streams.get_records(ShardIterator=begin["ShardIterator"])["Records"]
        assert [each["eventName"] for each in records] == ["INSERT", "MODIFY", "REMOVE"]
        assert {each["awsRegion"] for each in records} == {region}


def test_a_replica_is_taken_away_with_its_items(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    put(home, "a")
    change(home, add(AWAY))
    cloud.settle()
    told = change(home, take_away(AWAY))

    assert told["Replicas"] == [{"RegionName": AWAY, "ReplicaStatus": "DELETING"}]
    assert "Replicas" not in table(home) and "GlobalTableVersion" not in table(home)
    assert refusal(table, away)[0] == "ResourceNotFoundException"
    put(home, "b")
    home.delete_table(TableName=NAME)


def test_a_replica_is_deleted_like_a_table_but_its_source_a_day_later(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    change(home, add(AWAY))
    change(home, add(THIRD))
    cloud.settle()
    away.delete_table(TableName=NAME)

    assert [each["RegionName"] for each in table(home)["Replicas"]] == [THIRD]
    assert refusal(home.delete_table, TableName=NAME) == (
        "ValidationException",
        "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
        "table in the last 24 hours.",
    )
    cloud.advance(hours=24, seconds=1)
    home.delete_table(TableName=NAME)
    assert "Replicas" not in table(at(THIRD))


def test_what_cannot_be_is_refused(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    make(away)

    assert refusal(change, home, add(HOME))[1] == (
        "Cannot add, delete, or update the local region through ReplicaUpdates. "
        "Use CreateTable, DeleteTable, or UpdateTable as required."
    )
    assert "because one or more replicas already existed as tables" in refusal(change, home, add(AWAY))[1]
    assert "was not found" in refusal(change, home, take_away(AWAY))[1]
    assert refusal(change, home, add("mars-1"))[0] == "ValidationException"
    assert refusal(change, home, {})[0] == "ValidationException"
    away.delete_table(TableName=NAME)
    change(home, add(AWAY))
    off = {"StreamEnabled": False}
    assert refusal(home.update_table, TableName=NAME, StreamSpecification=off)[0] == "ValidationException"


def test_settings_in_common_follow_and_others_do_not(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    put(home, "a", "5")
    change(home, add(AWAY))
    index = {
        "IndexName": "by-score", "KeySchema": [{"AttributeName": "score", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }  # fmt: skip
    home.update_table(
        TableName=NAME, GlobalSecondaryIndexUpdates=[{"Create": index}],
        AttributeDefinitions=[{"AttributeName": "score", "AttributeType": "N"}],
    )  # fmt: skip
    home.update_table(TableName=NAME, DeletionProtectionEnabled=True)
    away.update_time_to_live(TableName=NAME, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True})
    cloud.settle()

    assert [each["IndexName"] for each in table(away)["GlobalSecondaryIndexes"]] == ["by-score"]
    assert away.scan(TableName=NAME, IndexName="by-score")["Count"] == 1
    assert home.describe_time_to_live(TableName=NAME)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    assert (table(home)["DeletionProtectionEnabled"], table(away)["DeletionProtectionEnabled"]) == (True, False)
    home.update_table(TableName=NAME, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-score"}}])
    assert "GlobalSecondaryIndexes" not in table(away)


def test_a_replica_may_have_a_throughput_and_a_class_of_its_own(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 7})
    change(home, add(AWAY, ProvisionedThroughputOverride={"ReadCapacityUnits": 9}))
    change(home, {"Update": {"RegionName": AWAY, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}})
    home.update_table(TableName=NAME, ProvisionedThroughput={"ReadCapacityUnits": 6, "WriteCapacityUnits": 8})

    there = table(away)["ProvisionedThroughput"]
    assert (there["ReadCapacityUnits"], there["WriteCapacityUnits"]) == (9, 8)
    assert table(home)["ProvisionedThroughput"]["ReadCapacityUnits"] == 6
    (told,) = table(home)["Replicas"]
    assert told["ProvisionedThroughputOverride"] == {"ReadCapacityUnits": 9}
    assert told["ReplicaTableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}


def test_expired_items_go_in_all_regions(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    change(home, add(AWAY))
    home.update_time_to_live(TableName=NAME, TimeToLiveSpecification={"AttributeName": "score", "Enabled": True})
    put(away, "a", str(int(cloud.now().timestamp()) + 60))
    cloud.settle()
    assert len(scores(home)) == len(scores(away)) == 1
    cloud.advance(minutes=2)
    assert scores(home) == scores(away) == {}


def test_nothing_is_left_over_once_all_is_replicated(cloud, at, account):
    home, away = at(HOME), at(AWAY)
    make(home)
    change(home, add(AWAY))
    for number in range(150):
        put(home, str(number % 50), str(number))
    for number in range(50):
        delete(home, str(number))
    cloud.settle()
    cloud.advance(days=2)
    for dynamodb in (home, away):
        put(dynamodb, "last")
        cloud.settle()

    kinds = {"outbound", "replicating", "gone"}
    with cloud.cloud.kernel.store.snapshot() as tx:
        for region in (HOME, AWAY):
            left = [key[5:] for key, _ in tx.items(("dynamodb", account, region, "of-table"))]
            assert not [key for key in left if kinds & set(key[:1])]
            assert len([key for key in left if key[0] == "versions"]) == 1


# Strong consistency


def test_strongly_consistent_replicas_agree_at_once(cloud, at):
    home, away = at(HOME), at(AWAY)
    make(home)
    change(home, add(AWAY), add(THIRD), MultiRegionConsistency="STRONG")
    cloud.run(cloud.cloud.kernel.jobs.stop())
    put(home, "a", "1")
    there = scores(away), scores(at(THIRD))
    away.put_item(TableName=NAME, Item={"pk": {"S": "a"}, "score": {"N": "2"}})
    here = scores(home)
    restart(cloud)

    assert there == ({"a": "1"}, {"a": "1"}) and here == {"a": "2"}
    assert table(at(THIRD))["MultiRegionConsistency"] == "STRONG"


def test_a_witness_stands_for_the_third_replica(at):
    home = at(HOME)
    make(home)
    witness = [{"Create": {"RegionName": THIRD}}]
    change(home, add(AWAY), MultiRegionConsistency="STRONG", GlobalTableWitnessUpdates=witness)

    for region in (HOME, AWAY):
        assert table(at(region))["GlobalTableWitnesses"] == [{"RegionName": THIRD, "WitnessStatus": "ACTIVE"}]
    change(home, take_away(AWAY), GlobalTableWitnessUpdates=[{"Delete": {"RegionName": THIRD}}])
    assert "Replicas" not in table(home) and "GlobalTableWitnesses" not in table(home)


def test_strong_consistency_has_its_conditions(at):
    home = at(HOME)
    make(home)
    strong = {"MultiRegionConsistency": "STRONG"}
    assert "three replicas" in refusal(change, home, add(AWAY), **strong)[1]
    assert "one set of Regions" in refusal(change, home, add(AWAY), add("eu-west-1"), **strong)[1]
    put(home, "a")
    assert "empty table" in refusal(change, home, add(AWAY), add(THIRD), **strong)[1]
    assert "Replicas" not in table(home)
    assert refusal(table, at(AWAY))[0] == "ResourceNotFoundException"


# Version 2017.11.29

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def group(*regions: str) -> list[dict[str, str]]:
    return [{"RegionName": region} for region in regions]


def test_empty_tables_become_a_global_table(cloud, at):
    home, away = at(HOME), at(AWAY)
    for region in (HOME, AWAY, THIRD):
        make(at(region), StreamSpecification=STREAM)
    told = home.create_global_table(GlobalTableName=NAME, ReplicationGroup=group(HOME, AWAY))["GlobalTableDescription"]
    put(home, "a", "1")
    cloud.settle()

    assert (told["GlobalTableStatus"], told["GlobalTableArn"].split(":")[5]) == ("CREATING", f"global-table/{NAME}")
    assert scores(away) == {"a": "1"} and scores(at(THIRD)) == {}
    shown = away.describe_global_table(GlobalTableName=NAME)["GlobalTableDescription"]
    assert [each["RegionName"] for each in shown["ReplicationGroup"]] == [HOME, AWAY]
    assert shown["GlobalTableStatus"] == "ACTIVE"
    assert table(home)["GlobalTableVersion"] == "2017.11.29"
    listed = at(THIRD).list_global_tables()["GlobalTables"]
    assert listed == [{"GlobalTableName": NAME, "ReplicationGroup": group(HOME, AWAY)}]
    assert home.list_global_tables(RegionName=THIRD)["GlobalTables"] == []


def test_a_table_joins_and_leaves_a_global_table(cloud, at):
    home = at(HOME)
    for region in (HOME, AWAY, THIRD):
        make(at(region), StreamSpecification=STREAM)
    home.create_global_table(GlobalTableName=NAME, ReplicationGroup=group(HOME, AWAY))
    home.update_global_table(GlobalTableName=NAME, ReplicaUpdates=[{"Create": {"RegionName": THIRD}}])
    put(home, "a", "1")
    cloud.settle()
    home.update_global_table(GlobalTableName=NAME, ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}])
    put(home, "b", "2")
    cloud.settle()

    assert scores(at(THIRD)) == {"a": "1", "b": "2"} and scores(at(AWAY)) == {"a": "1"}
    again = {"GlobalTableName": NAME, "ReplicaUpdates": [{"Create": {"RegionName": THIRD}}]}
    gone = {"GlobalTableName": NAME, "ReplicaUpdates": [{"Delete": {"RegionName": AWAY}}]}
    assert refusal(home.update_global_table, **again)[0] == "ReplicaAlreadyExistsException"
    assert refusal(home.update_global_table, **gone)[0] == "ReplicaNotFoundException"
    at(THIRD).delete_table(TableName=NAME)
    home.delete_table(TableName=NAME)
    assert refusal(home.describe_global_table, GlobalTableName=NAME)[0] == "GlobalTableNotFoundException"


def test_a_global_table_has_its_conditions(at):
    home, away = at(HOME), at(AWAY)
    wanted = {"GlobalTableName": NAME, "ReplicationGroup": group(HOME, AWAY)}
    assert refusal(home.describe_global_table, GlobalTableName=NAME) == (
        "GlobalTableNotFoundException",
        f"Global table with name: '{NAME}' does not exist.",
    )
    make(home, StreamSpecification=STREAM)
    assert refusal(home.create_global_table, **wanted)[0] == "TableNotFoundException"
    make(away)
    assert refusal(home.create_global_table, **wanted)[0] == "ValidationException"
    away.update_table(TableName=NAME, StreamSpecification=STREAM)
    put(away, "a")
    assert "not empty" in refusal(home.create_global_table, **wanted)[1]
    delete(away, "a")
    home.create_global_table(**wanted)
    assert refusal(home.create_global_table, **wanted)[0] == "GlobalTableAlreadyExistsException"


def test_settings_of_a_global_table(at):
    home = at(HOME)
    provisioned = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    for region in (HOME, AWAY):
        make(at(region), StreamSpecification=STREAM, BillingMode="PROVISIONED", ProvisionedThroughput=provisioned)
    home.create_global_table(GlobalTableName=NAME, ReplicationGroup=group(HOME, AWAY))
    home.update_global_table_settings(
        GlobalTableName=NAME, GlobalTableProvisionedWriteCapacityUnits=8,
        ReplicaSettingsUpdate=[{"RegionName": AWAY, "ReplicaProvisionedReadCapacityUnits": 9}],
    )  # fmt: skip

    shown = home.describe_global_table_settings(GlobalTableName=NAME)["ReplicaSettings"]
    units = {
        each["RegionName"]: (each["ReplicaProvisionedReadCapacityUnits"], each["ReplicaProvisionedWriteCapacityUnits"])
        for each in shown
    }
    assert units == {HOME: (5, 8), AWAY: (9, 8)}
    assert table(at(AWAY))["ProvisionedThroughput"]["ReadCapacityUnits"] == 9
    scaling = {"MinimumUnits": 1, "MaximumUnits": 5}
    code, _ = refusal(
        home.update_global_table_settings, GlobalTableName=NAME,
        GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate=scaling,
    )  # fmt: skip
    assert code == "NotImplemented"


# Permissions


def test_a_replica_is_made_and_removed_by_permission_in_its_own_region(cloud, at, account):
    home = at(HOME)
    make(home)
    here, there = (f"arn:aws:dynamodb:{region}:{account}:table/{NAME}" for region in (HOME, AWAY))
    iam = connect(cloud, "iam", account=account)
    iam.create_user(UserName="builder")
    key = iam.create_access_key(UserName="builder")["AccessKey"]
    builder = boto3.client(
        "dynamodb", endpoint_url=cloud.url, region_name=HOME, aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )  # fmt: skip

    def allow(*statements: tuple[str, str]) -> None:
        allowed = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in statements]
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_user_policy(UserName="builder", PolicyName="allowed", PolicyDocument=document)

    allow(("dynamodb:UpdateTable", here))
    code, message = refusal(change, builder, add(AWAY))
    assert code == "AccessDeniedException" and there in message
    allow(("dynamodb:UpdateTable", here), ("dynamodb:*", there))
    change(builder, add(AWAY))
    allow(("dynamodb:UpdateTable", here), ("dynamodb:CreateTableReplica", there))
    code, message = refusal(change, builder, take_away(AWAY))
    assert code == "AccessDeniedException" and "dynamodb:DeleteTable" in message
    assert len(table(home)["Replicas"]) == 1
