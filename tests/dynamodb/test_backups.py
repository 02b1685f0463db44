"""Backups: what they keep, how they are listed, and tables restored from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cumulet.services.dynamodb import recovery
from cumulet.testing import LocalCloud
from tests.conftest import connect
from tests.dynamodb.tables import define, index, key, refusal, types, units


@pytest.fixture
def dynamodb(client) -> Any:
    return client("dynamodb")


def fill(dynamodb: Any, count: int, name: str = "music") -> None:
    for number in range(count):
        put(dynamodb, f"a{number % 3}", f"s{number}", name, plays=number)


def put(dynamodb: Any, artist: str, song: str, name: str = "music", **numbers: int) -> None:
    item = {"artist": {"S": artist}, "song": {"S": song}}
    dynamodb.put_item(TableName=name, Item=item | {n: {"N": str(value)} for n, value in numbers.items()})


def songs(dynamodb: Any, name: str = "music") -> dict[str, str]:
    """The songs of a table, and how often each was played."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=name)
    return {item["song"]["S"]: item["plays"]["N"] for page in pages for item in page["Items"]}


def back_up(dynamodb: Any, name: str = "friday", table: str = "music") -> str:
    return dynamodb.create_backup(TableName=table, BackupName=name)["BackupDetails"]["BackupArn"]


@pytest.mark.spec("data:DDB-31")
def test_a_backup_keeps_what_was_in_the_table_when_it_was_made(dynamodb):
    dynamodb.create_table(**define())
    fill(dynamodb, 5)
    backup = back_up(dynamodb)
    put(dynamodb, "a0", "s0", plays=100)
    put(dynamodb, "a9", "s9", plays=9)
    dynamodb.delete_item(TableName="music", Key={"artist": {"S": "a1"}, "song": {"S": "s1"}})

    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=backup)

    assert songs(dynamodb, "again") == {f"s{number}": str(number) for number in range(5)}
    assert songs(dynamodb)["s0"] == "100"


@pytest.mark.spec("data:DDB-31")
def test_a_backup_outlives_its_table(dynamodb):
    made = dynamodb.create_table(**define())["TableDescription"]
    fill(dynamodb, 3)
    backup = back_up(dynamodb)
    dynamodb.delete_table(TableName="music")

    found = dynamodb.describe_backup(BackupArn=backup)["BackupDescription"]
    assert found["SourceTableDetails"]["TableId"] == made["TableId"]
    dynamodb.restore_table_from_backup(TargetTableName="music", BackupArn=backup)
    assert len(songs(dynamodb)) == 3


def test_a_backup_is_described_with_its_source(dynamodb):
    everywhere = index("all-by-plays", "plays", projection="KEYS_ONLY", ProvisionedThroughput=units(1, 2))
    dynamodb.create_table(
        **define(
            BillingMode="PROVISIONED", ProvisionedThroughput=units(5, 6),
            AttributeDefinitions=types(artist="S", song="S", plays="N"),
            LocalSecondaryIndexes=[index("by-plays", "artist", "plays")],
            GlobalSecondaryIndexes=[everywhere],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )
    )  # fmt: skip
    fill(dynamodb, 2)
    answer = dynamodb.create_backup(TableName="music", BackupName="friday")["BackupDetails"]
    assert (answer["BackupStatus"], answer["BackupType"], answer["BackupName"]) == ("CREATING", "USER", "friday")

    found = dynamodb.describe_backup(BackupArn=answer["BackupArn"])["BackupDescription"]
    assert found["BackupDetails"]["BackupStatus"] == "AVAILABLE"
    table = dynamodb.describe_table(TableName="music")["Table"]
    assert found["BackupDetails"]["BackupSizeBytes"] == table["TableSizeBytes"] > 0
    source, features = found["SourceTableDetails"], found["SourceTableFeatureDetails"]
    assert (source["ItemCount"], source["BillingMode"]) == (2, "PROVISIONED")
    assert source["ProvisionedThroughput"] == units(5, 6)
    assert source["KeySchema"] == key("artist", "song")
    assert [each["IndexName"] for each in features["LocalSecondaryIndexes"]] == ["by-plays"]
    assert features["GlobalSecondaryIndexes"] == [everywhere]
    assert features["StreamDescription"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert features["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}


def test_a_restored_table_says_whence_it_comes_and_leaves_some_settings_behind(dynamodb):
    made = dynamodb.create_table(
        **define(
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
            DeletionProtectionEnabled=True, Tags=[{"Key": "a", "Value": "b"}],
        )
    )["TableDescription"]  # fmt: skip
    backup = back_up(dynamodb)

    answer = dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=backup)["TableDescription"]
    found = dynamodb.describe_table(TableName="again")["Table"]

    assert (answer["TableStatus"], answer["RestoreSummary"]["RestoreInProgress"]) == ("CREATING", True)
    assert found["TableStatus"] == "ACTIVE"
    assert found["RestoreSummary"]["SourceBackupArn"] == backup
    assert found["RestoreSummary"]["SourceTableArn"] == made["TableArn"]
    assert found["RestoreSummary"]["RestoreInProgress"] is False
    assert found["TableId"] != made["TableId"]
    assert "StreamSpecification" not in found
    assert found["DeletionProtectionEnabled"] is False
    assert dynamodb.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"] == []


def test_indexes_and_billing_can_be_other_ones(dynamodb):
    indexes = [index("by-song", "song"), index("by-plays", "plays")]
    dynamodb.create_table(
        **define(AttributeDefinitions=types(artist="S", song="S", plays="N"), GlobalSecondaryIndexes=indexes)
    )
    fill(dynamodb, 4)
    backup = back_up(dynamodb)
    dynamodb.restore_table_from_backup(TargetTableName="all", BackupArn=backup)
    dynamodb.restore_table_from_backup(TargetTableName="none", BackupArn=backup, GlobalSecondaryIndexOverride=[])
    dynamodb.restore_table_from_backup(
        TargetTableName="one", BackupArn=backup, BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=units(3, 4),
        GlobalSecondaryIndexOverride=[index("by-song", "song", ProvisionedThroughput=units(1, 1))],
    )  # fmt: skip

    def named(name: str) -> list[str]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        return sorted(each["IndexName"] for each in table.get("GlobalSecondaryIndexes", ()))

    assert (named("all"), named("none"), named("one")) == (["by-plays", "by-song"], [], ["by-song"])
    one = dynamodb.describe_table(TableName="one")["Table"]
    assert one["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    assert one["AttributeDefinitions"] == types(artist="S", song="S")
    found = dynamodb.query(
        TableName="one", IndexName="by-song", KeyConditionExpression="song = :s",
        ExpressionAttributeValues={":s": {"S": "s2"}},
    )  # fmt: skip
    assert [item["plays"]["N"] for item in found["Items"]] == ["2"]


@pytest.mark.spec("data:DDB-31")
def test_a_table_is_restored_in_another_region(client, dynamodb):
    arn = dynamodb.create_table(**define())["TableDescription"]["TableArn"]
    fill(dynamodb, 3)
    abroad = client("dynamodb", region="eu-west-1")
    abroad.restore_table_from_backup(TargetTableName="music", BackupArn=back_up(dynamodb))
    wanted = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="music", PointInTimeRecoverySpecification=wanted)
    abroad.restore_table_to_point_in_time(TargetTableName="again", SourceTableArn=arn, UseLatestRestorableTime=True)
    assert songs(abroad) == songs(abroad, "again") == songs(dynamodb)
    assert abroad.describe_table(TableName="again")["Table"]["RestoreSummary"]["SourceTableArn"] == arn
    assert dynamodb.list_tables()["TableNames"] == ["music"]


def test_a_restore_that_cannot_be(dynamodb):
    dynamodb.create_table(**define())
    backup = back_up(dynamodb)
    restore = dynamodb.restore_table_from_backup

    assert refusal(restore, TargetTableName="music", BackupArn=backup) == (
        "TableAlreadyExistsException",
        "Table already exists: music",
    )
    other = backup[:-1] + ("0" if backup[-1] != "0" else "1")
    assert refusal(restore, TargetTableName="again", BackupArn=other) == (
        "BackupNotFoundException",
        f"Backup not found: {other}",
    )
    provisioned = {"BillingModeOverride": "PROVISIONED"}
    assert refusal(restore, TargetTableName="again", BackupArn=backup, **provisioned)[0] == "ValidationException"
    foreign = {"GlobalSecondaryIndexOverride": [index("by-song", "song")]}
    assert refusal(restore, TargetTableName="again", BackupArn=backup, **foreign)[0] == "ValidationException"
    assert dynamodb.list_tables()["TableNames"] == ["music"]


def test_only_tables_that_are_there_are_backed_up(dynamodb):
    given = {"TableName": "music", "BackupName": "friday"}
    assert refusal(dynamodb.create_backup, **given) == ("TableNotFoundException", "Table not found: music")


def test_a_deleted_backup_is_gone(dynamodb):
    dynamodb.create_table(**define())
    backup = back_up(dynamodb)
    gone = dynamodb.delete_backup(BackupArn=backup)["BackupDescription"]
    assert gone["BackupDetails"]["BackupStatus"] == "DELETED"
    for call in (dynamodb.describe_backup, dynamodb.delete_backup):
        assert refusal(call, BackupArn=backup) == ("BackupNotFoundException", f"Backup not found: {backup}")
    assert dynamodb.list_backups()["BackupSummaries"] == []


def test_backups_are_listed_by_table_and_time_in_pages(dynamodb):
    for name in ("music", "films"):
        dynamodb.create_table(**define(TableName=name))
    arns = [back_up(dynamodb, f"weekly-{number}", name) for number in range(3) for name in ("music", "films")]

    def listed(**given: Any) -> list[str]:
        return [each["BackupArn"] for each in dynamodb.list_backups(**given)["BackupSummaries"]]

    assert listed() == arns
    assert listed(TableName="films") == arns[1::2]
    first = dynamodb.list_backups(Limit=4)
    assert first["LastEvaluatedBackupArn"] == arns[3]
    last = dynamodb.list_backups(Limit=4, ExclusiveStartBackupArn=arns[3])
    assert [each["BackupArn"] for each in last["BackupSummaries"]] == arns[4:]
    assert "LastEvaluatedBackupArn" not in last
    made = dynamodb.describe_backup(BackupArn=arns[2])["BackupDescription"]["BackupDetails"]["BackupCreationDateTime"]
    earlier, later = made - timedelta(days=1), made + timedelta(days=1)
    assert listed(TimeRangeLowerBound=later) == listed(TimeRangeUpperBound=earlier) == []
    assert listed(TimeRangeLowerBound=earlier, TimeRangeUpperBound=later) == arns
    assert listed(BackupType="SYSTEM") == []
    assert listed(BackupType="ALL") == arns


@pytest.mark.spec("data:DDB-31")
def test_a_large_table_is_kept_as_of_the_request_however_much_is_written_meanwhile(own_cloud, account, monkeypatch):
    """Portions are made small; the frozen clock makes all changes happen in the same instant."""
    monkeypatch.setattr(recovery, "_PLACES_AT_ONCE", 3)
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    own_cloud.cloud.kernel.clock.set_rate(0)
    dynamodb.create_table(**define())
    fill(dynamodb, 40)
    before = songs(dynamodb)

    backup = back_up(dynamodb)
    for number in range(0, 40, 2):
        put(dynamodb, f"a{number % 3}", f"s{number}", plays=1000)
    fill(dynamodb, 44)
    dynamodb.delete_item(TableName="music", Key={"artist": {"S": "a1"}, "song": {"S": "s1"}})
    own_cloud.settle()
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=backup)
    own_cloud.settle()

    assert songs(dynamodb, "again") == before
    assert dynamodb.describe_table(TableName="again")["Table"]["ItemCount"] == 40


def test_copies_go_on_after_a_restart(tmp_path, account, monkeypatch):
    monkeypatch.setattr(recovery, "_PLACES_AT_ONCE", 2)
    with LocalCloud(tmp_path) as cloud:
        dynamodb = connect(cloud, "dynamodb", account=account)
        dynamodb.create_table(**define())
        fill(dynamodb, 200)
        backup = back_up(dynamodb)

    with LocalCloud(tmp_path) as cloud:
        dynamodb = connect(cloud, "dynamodb", account=account)
        cloud.settle()
        dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=backup)

    with LocalCloud(tmp_path) as cloud:
        dynamodb = connect(cloud, "dynamodb", account=account)
        cloud.settle()
        assert len(songs(dynamodb, "again")) == 200
        assert songs(dynamodb, "again") == songs(dynamodb)


def test_tables_in_the_making_are_not_to_be_touched(own_cloud, account, monkeypatch):
    monkeypatch.setattr(recovery, "_PLACES_AT_ONCE", 1)
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    dynamodb.create_table(**define())
    fill(dynamodb, 3)
    backup = back_up(dynamodb)
    own_cloud.settle()
    monkeypatch.setattr("cumulet.services.dynamodb.restores._GO_ON", "dynamodb.never")
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=backup)
    assert dynamodb.describe_table(TableName="again")["Table"]["TableStatus"] == "CREATING"
    assert refusal(dynamodb.delete_table, TableName="again")[0] == "ResourceInUseException"
    assert refusal(dynamodb.create_backup, TableName="again", BackupName="early") == (
        "ContinuousBackupsUnavailableException",
        "Backups are being enabled for the table: again. Please retry later",
    )
    assert refusal(dynamodb.scan, TableName="again")[0] == "ResourceNotFoundException"
    assert refusal(dynamodb.delete_backup, BackupArn=backup)[0] == "BackupInUseException"
