"""Global secondary indexes that come, change and go while their table is used; and what else UpdateTable changes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cumulet.testing import LocalCloud
from tests.conftest import connect
from tests.dynamodb.tables import INVALID, define, index, key, refusal, types, units


@pytest.fixture
def dynamodb(client) -> Any:
    return client("dynamodb")


def add(dynamodb: Any, made: dict[str, Any], **kinds: str) -> dict[str, Any]:
    """Add an index by attributes of these types."""
    answer = dynamodb.update_table(
        TableName="music", AttributeDefinitions=types(**kinds), GlobalSecondaryIndexUpdates=[{"Create": made}]
    )
    described: dict[str, Any] = answer["TableDescription"]
    return described


def remove(dynamodb: Any, name: str) -> dict[str, Any]:
    updates = [{"Delete": {"IndexName": name}}]
    described: dict[str, Any] = dynamodb.update_table(TableName="music", GlobalSecondaryIndexUpdates=updates)[
        "TableDescription"
    ]
    return described


def describe(dynamodb: Any) -> dict[str, Any]:
    described: dict[str, Any] = dynamodb.describe_table(TableName="music")["Table"]
    return described


def fill(dynamodb: Any, count: int) -> None:
    put = [{"Put": {"TableName": "music", "Item": song(number)}} for number in range(count)]
    for at in range(0, count, 100):
        dynamodb.transact_write_items(TransactItems=put[at : at + 100])


def song(number: int) -> dict[str, Any]:
    return {"artist": {"S": f"artist-{number % 7}"}, "song": {"S": f"{number:05}"}, "year": {"N": str(number % 10)}}


def by_year(dynamodb: Any, year: int) -> list[str]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName="music", IndexName="years", KeyConditionExpression="#y = :y",
        ExpressionAttributeNames={"#y": "year"}, ExpressionAttributeValues={":y": {"N": str(year)}},
    )  # fmt: skip
    return sorted(item["song"]["S"] for page in pages for item in page["Items"])


@pytest.mark.spec("data:DDB-25")
def test_an_index_is_added_filled_and_removed(dynamodb):
    dynamodb.create_table(**define())
    fill(dynamodb, 50)
    dynamodb.put_item(TableName="music", Item={"artist": {"S": "x"}, "song": {"S": "x"}, "year": {"S": "other type"}})

    answer = add(dynamodb, index("years", "year", "song"), year="N", song="S")
    added = answer["GlobalSecondaryIndexes"][0]
    assert (answer["TableStatus"], added["IndexStatus"], added["Backfilling"]) == ("UPDATING", "CREATING", False)
    described = describe(dynamodb)
    assert (described["TableStatus"], described["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("ACTIVE", "ACTIVE")
    assert described["AttributeDefinitions"] == types(artist="S", song="S", year="N")
    assert by_year(dynamodb, 3) == ["00003", "00013", "00023", "00033", "00043"]

    gone = remove(dynamodb, "years")
    assert gone["GlobalSecondaryIndexes"][0]["IndexStatus"] == "DELETING"
    described = describe(dynamodb)
    assert "GlobalSecondaryIndexes" not in described
    assert described["AttributeDefinitions"] == types(artist="S", song="S")


@pytest.mark.spec("data:DDB-25")
@pytest.mark.spec("data:DDB-27")
def test_a_large_index_is_filled_in_portions_while_items_change(dynamodb):
    dynamodb.create_table(**define())
    fill(dynamodb, 1200)
    add(dynamodb, index("years", "year", "song"), year="N")
    dynamodb.delete_item(TableName="music", Key={name: song(3)[name] for name in ("artist", "song")})
    dynamodb.put_item(TableName="music", Item=song(1203))
    for _ in range(100):
        if describe(dynamodb)["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE":
            break
        time.sleep(0.05)
    assert by_year(dynamodb, 3) == [f"{number:05}" for number in range(13, 1204, 10)]


def test_what_cannot_be_changed_of_indexes_is_refused(dynamodb):
    dynamodb.create_table(**define())
    add(dynamodb, index("years", "year"), year="N")
    years = index("years", "year")

    def update(*updates: dict[str, Any], **more: Any) -> tuple[str, str]:
        return refusal(dynamodb.update_table, TableName="music", GlobalSecondaryIndexUpdates=list(updates), **more)

    assert update({"Create": years}) == ("ValidationException", "Attempting to create an index which already exists")
    assert update({"Delete": {"IndexName": "songs"}}) == ("ResourceNotFoundException", "Requested resource not found")
    one = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    two = ({"Create": index("songs", "song")}, {"Create": index("artists", "artist")})
    assert update(*two) == ("LimitExceededException", one)
    assert update({"Create": index("genres", "genre")})[1].startswith(
        f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [genre]"
    )
    changed = update({"Create": index("songs", "song")}, AttributeDefinitions=types(song="N"))
    assert changed[1].startswith(f"{INVALID}Attributes cannot be redefined.")
    assert update()[1] == f"{INVALID}List of GlobalSecondaryIndexUpdates is empty"
    assert update({})[1].endswith("GlobalSecondaryIndexUpdate.Delete must not be null")
    assert [each["IndexName"] for each in describe(dynamodb)["GlobalSecondaryIndexes"]] == ["years"]


def test_an_update_changes_something(dynamodb):
    dynamodb.create_table(**define())
    code, message = refusal(dynamodb.update_table, TableName="music")
    assert code == "ValidationException"
    assert message.startswith("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled")


@pytest.mark.spec("data:DDB-18")
def test_units_go_up_and_down_but_down_only_so_often(own_cloud, account):
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    dynamodb.create_table(**define(BillingMode=None, ProvisionedThroughput=units(20, 20)))

    def change(read: int) -> dict[str, Any]:
        answer = dynamodb.update_table(TableName="music", ProvisionedThroughput=units(read, 20))
        shown: dict[str, Any] = answer["TableDescription"]["ProvisionedThroughput"]
        return shown

    same = refusal(dynamodb.update_table, TableName="music", ProvisionedThroughput=units(20, 20))
    assert same[1].startswith("The provisioned throughput for the table will not change. The requested value equals")
    assert "LastIncreaseDateTime" in change(30)
    assert [change(read)["NumberOfDecreasesToday"] for read in (19, 18, 17, 16)] == [1, 2, 3, 4]
    code, message = refusal(dynamodb.update_table, TableName="music", ProvisionedThroughput=units(15, 20))
    assert code == "LimitExceededException"
    assert "Number of decreases today: 4." in message
    assert "can be performed at most once every 3600 seconds" in message

    own_cloud.advance(hours=25)
    assert describe(dynamodb)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0
    assert change(15)["NumberOfDecreasesToday"] == 1


def test_an_index_has_units_of_its_own(dynamodb):
    songs = index("songs", "song", ProvisionedThroughput=units(2, 2))
    given = {"BillingMode": None, "ProvisionedThroughput": units(5, 5), "GlobalSecondaryIndexes": [songs]}
    dynamodb.create_table(**define(**given))

    def updates(read: int) -> dict[str, Any]:
        update = {"IndexName": "songs", "ProvisionedThroughput": units(read, 2)}
        return {"TableName": "music", "GlobalSecondaryIndexUpdates": [{"Update": update}]}

    answer = dynamodb.update_table(**updates(9))["TableDescription"]["GlobalSecondaryIndexes"][0]
    assert (answer["IndexStatus"], answer["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("UPDATING", 9)
    assert describe(dynamodb)["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    assert refusal(dynamodb.update_table, **updates(9))[1].startswith(
        "The provisioned throughput for the index songs will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the index: 9. Requested ReadCapacityUnits: 9. "
    )


@pytest.mark.spec("data:DDB-22")
def test_the_billing_mode_is_switched_at_most_four_times_a_day(own_cloud, account):
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    given = define(BillingMode=None, ProvisionedThroughput=units(5, 5))
    indexes = [index("songs", "song", ProvisionedThroughput=units(2, 2))]
    dynamodb.create_table(**given, GlobalSecondaryIndexes=indexes)
    back = {
        "TableName": "music", "BillingMode": "PROVISIONED", "ProvisionedThroughput": units(7, 7),
        "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "songs", "ProvisionedThroughput": units(3, 3)}}],
    }  # fmt: skip

    for _ in range(4):
        on_demand = dynamodb.update_table(TableName="music", BillingMode="PAY_PER_REQUEST")["TableDescription"]
        assert on_demand["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert on_demand["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
        missing = {name: value for name, value in back.items() if name != "GlobalSecondaryIndexUpdates"}
        assert refusal(dynamodb.update_table, **missing)[1].endswith("is not specified for index: songs")
        provisioned = dynamodb.update_table(**back)["TableDescription"]
        assert provisioned["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 3
    refused = refusal(dynamodb.update_table, TableName="music", BillingMode="PAY_PER_REQUEST")
    assert refused[0] == "LimitExceededException"

    own_cloud.advance(hours=24)
    dynamodb.update_table(TableName="music", BillingMode="PAY_PER_REQUEST")
    assert describe(dynamodb)["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


@pytest.mark.spec("data:DDB-28")
def test_the_table_class_is_switched(dynamodb):
    dynamodb.create_table(**define())
    assert "TableClassSummary" not in describe(dynamodb)
    dynamodb.update_table(TableName="music", TableClass="STANDARD_INFREQUENT_ACCESS")
    summary = describe(dynamodb)["TableClassSummary"]
    assert (summary["TableClass"], "LastUpdateDateTime" in summary) == ("STANDARD_INFREQUENT_ACCESS", True)


def test_warm_throughput_only_grows(dynamodb):
    dynamodb.create_table(**define())
    less = {"ReadUnitsPerSecond": 11000, "WriteUnitsPerSecond": 5000}
    refused = refusal(dynamodb.update_table, TableName="music", WarmThroughput=less)
    assert "decreasing WarmThroughput is not supported" in refused[1]
    dynamodb.update_table(TableName="music", WarmThroughput={"WriteUnitsPerSecond": 5000})
    warm = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 5000, "Status": "ACTIVE"}
    assert describe(dynamodb)["WarmThroughput"] == warm


def test_limits_of_on_demand_tables_come_and_go(dynamodb):
    dynamodb.create_table(**define())
    dynamodb.update_table(TableName="music", OnDemandThroughput={"MaxReadRequestUnits": 10})
    assert describe(dynamodb)["OnDemandThroughput"] == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": -1}
    dynamodb.update_table(TableName="music", OnDemandThroughput={"MaxReadRequestUnits": -1})
    assert "OnDemandThroughput" not in describe(dynamodb)


@pytest.mark.spec("data:DDBS-01")
def test_a_stream_is_switched_on_and_off(dynamodb):
    dynamodb.create_table(**define())
    on = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    dynamodb.update_table(TableName="music", StreamSpecification=on)
    assert describe(dynamodb)["StreamSpecification"] == on
    refused = refusal(dynamodb.update_table, TableName="music", StreamSpecification=on)
    assert refused == ("ValidationException", "Table already has an enabled stream: TableName: music")
    dynamodb.update_table(TableName="music", StreamSpecification={"StreamEnabled": False})
    described = describe(dynamodb)
    assert "StreamSpecification" not in described
    assert described["LatestStreamArn"].startswith(described["TableArn"])


@pytest.mark.spec("data:DDB-26")
def test_local_indexes_are_made_with_their_table(dynamodb):
    given = define(
        AttributeDefinitions=types(artist="S", song="S", year="N"),
        LocalSecondaryIndexes=[index("years", "artist", "year", projection="KEYS_ONLY")],
    )  # fmt: skip
    made = dynamodb.create_table(**given)["TableDescription"]["LocalSecondaryIndexes"]
    assert made[0]["KeySchema"] == key("artist", "year")
    assert made[0]["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert "IndexStatus" not in made[0]
    assert refusal(dynamodb.update_table, TableName="music", GlobalSecondaryIndexUpdates=[
        {"Delete": {"IndexName": "years"}}
    ])[0] == "ResourceNotFoundException"  # fmt: skip


def test_filling_and_removal_go_on_after_a_restart(tmp_path, account):
    with LocalCloud(tmp_path) as cloud:
        dynamodb = connect(cloud, "dynamodb", account=account)
        dynamodb.create_table(**define())
        fill(dynamodb, 1600)
        add(dynamodb, index("years", "year", "song"), year="N")

    with LocalCloud(tmp_path) as cloud:
        dynamodb = connect(cloud, "dynamodb", account=account)
        cloud.settle()
        assert describe(dynamodb)["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
        assert len(by_year(dynamodb, 3)) == 160
        dynamodb.delete_table(TableName="music")

    with LocalCloud(tmp_path) as cloud:
        cloud.settle()
        with cloud.cloud.kernel.store.snapshot() as tx:
            assert list(tx.items(("dynamodb", account, "us-east-1", "of-table"))) == []
