"""Tables: what may be made, how they are described, and how they go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamodb.tables import INVALID, define, index, key, refusal, types, units


@pytest.fixture
def dynamodb(client) -> Any:
    return client("dynamodb")


@pytest.mark.spec("data:DDB-01")
@pytest.mark.spec("data:DDB-02")
def test_a_table_needs_only_a_name_and_a_key(dynamodb, account):
    made = dynamodb.create_table(**define())["TableDescription"]
    described = dynamodb.describe_table(TableName="music")["Table"]

    assert made["TableStatus"] == "CREATING"
    assert made["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert "WarmThroughput" not in made
    assert described["TableStatus"] == "ACTIVE"
    assert described["TableArn"] == f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    assert described["TableId"] == made["TableId"]
    assert described["KeySchema"] == key("artist", "song")
    assert described["AttributeDefinitions"] == types(artist="S", song="S")
    assert described["ItemCount"] == described["TableSizeBytes"] == 0
    assert described["DeletionProtectionEnabled"] is False
    assert described["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **units(0, 0)}
    assert described["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] == described["CreationDateTime"]
    warm = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    assert described["WarmThroughput"] == warm


@pytest.mark.spec("data:DDB-18")
def test_a_provisioned_table_shows_its_units(dynamodb):
    given = define(
        BillingMode=None, ProvisionedThroughput=units(5, 6), AttributeDefinitions=types(artist="S", song="S", year="N"),
        GlobalSecondaryIndexes=[index("years", "year", "artist", ProvisionedThroughput=units(1, 2))],
    )  # fmt: skip
    made = dynamodb.create_table(**given)["TableDescription"]
    described = dynamodb.describe_table(TableName="music")["Table"]

    assert "BillingModeSummary" not in described
    assert described["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **units(5, 6)}
    assert described["WarmThroughput"] == {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6, "Status": "ACTIVE"}
    years = described["GlobalSecondaryIndexes"][0]
    assert made["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    assert years["IndexStatus"] == "ACTIVE"
    assert years["IndexArn"] == f"{described['TableArn']}/index/years"
    assert years["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **units(1, 2)}
    assert years["WarmThroughput"] == {"ReadUnitsPerSecond": 1, "WriteUnitsPerSecond": 2, "Status": "ACTIVE"}


def test_a_table_can_be_called_by_its_arn(dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/by-arn"
    assert dynamodb.create_table(**define(TableName=arn))["TableDescription"]["TableName"] == "by-arn"
    assert dynamodb.describe_table(TableName=arn)["Table"]["TableArn"] == arn
    assert dynamodb.delete_table(TableName=arn)["TableDescription"]["TableStatus"] == "DELETING"
    assert refusal(dynamodb.describe_table, TableName="arn:aws:s3:::music")[0] == "ValidationException"


def test_a_name_is_given_once_in_a_region(client):
    virginia, ireland = client("dynamodb"), client("dynamodb", region="eu-west-1")
    virginia.create_table(**define())
    ireland.create_table(**define())
    assert refusal(virginia.create_table, **define()) == ("ResourceInUseException", "Table already exists: music")


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        ("ab", "Member must have length greater than or equal to 3"),
        ("a" * 256, "Member must have length less than or equal to 255"),
        ("a;b;c", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
    ],
)
def test_names_have_3_to_255_plain_characters(dynamodb, name, constraint):
    told = f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: {constraint}"
    assert refusal(dynamodb.create_table, **define(TableName=name)) == ("ValidationException", told)
    assert refusal(dynamodb.describe_table, TableName=name) == ("ValidationException", told)


PROVISIONED: dict[str, Any] = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units(1, 1)}
WITH_YEAR: dict[str, Any] = {"AttributeDefinitions": types(artist="S", song="S", year="N")}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"ProvisionedThroughput": units(1, 1)},
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST",
        ),
        (
            {"BillingMode": None},
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            PROVISIONED | {"ProvisionedThroughput": units(1_000_000_000_001, 1)},
            "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        ),
        (
            PROVISIONED | {"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
            f"{INVALID}Neither MaxReadRequestUnits nor MaxWriteRequestUnits can be specified when BillingMode is "
            "PROVISIONED",
        ),
        (
            {"AttributeDefinitions": types(artist="S")},
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            {"KeySchema": key("artist", "song")[::-1]},
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            {"KeySchema": key("artist") + key("song")},
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            {"KeySchema": key("artist", "artist")},
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            {"KeySchema": key("artist")},
            f"{INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions",
        ),
        (
            WITH_YEAR | {"GlobalSecondaryIndexes": [index("songs", "song")]},
            f"{INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [artist, song, year], keys used: "
            "[artist, song]",
        ),
        ({"LocalSecondaryIndexes": []}, f"{INVALID}List of LocalSecondaryIndexes is empty"),
        ({"GlobalSecondaryIndexes": []}, f"{INVALID}List of GlobalSecondaryIndexes is empty"),
        (
            {
                "KeySchema": key("artist"),
                "LocalSecondaryIndexes": [index("songs", "artist", "song")],
            },
            f"{INVALID}Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex",
        ),
        (
            {"LocalSecondaryIndexes": [index("artists", "artist")]},
            f"{INVALID}Index KeySchema does not have a range key for index: artists",
        ),
        (
            {"LocalSecondaryIndexes": [index("songs", "song", "artist")]},
            f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: songs. "
            "index hash key: song, table hash key: artist",
        ),
        (
            {"GlobalSecondaryIndexes": [index("years", "year")]},
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [year], "
            "AttributeDefinitions: [artist, song]",
        ),
        (
            {"GlobalSecondaryIndexes": [index("songs", "song"), index("songs", "song", "artist")]},
            f"{INVALID}Duplicate index name: songs",
        ),
        (
            {"GlobalSecondaryIndexes": [index("songs", "song") | {"Projection": {}}]},
            f"{INVALID}Unknown ProjectionType: null",
        ),
        (
            {"GlobalSecondaryIndexes": [index("songs", "song", projection="INCLUDE")]},
            f"{INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            {
                "GlobalSecondaryIndexes": [
                    index("songs", "song") | {"Projection": {"ProjectionType": "ALL", "NonKeyAttributes": ["year"]}}
                ]
            },
            f"{INVALID}ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            PROVISIONED | {"GlobalSecondaryIndexes": [index("songs", "song")]},
            f"{INVALID}ProvisionedThroughput is not specified for index: songs",
        ),
        (
            {"GlobalSecondaryIndexes": [index("songs", "song", ProvisionedThroughput=units(1, 1))]},
            f"{INVALID}ProvisionedThroughput should not be specified for index: songs when BillingMode is "
            "PAY_PER_REQUEST",
        ),
        (
            {"LocalSecondaryIndexes": [index(f"songs{n}", "artist", "song") for n in range(6)]},
            f"{INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            {"GlobalSecondaryIndexes": [index(f"songs{n}", "song") for n in range(21)]},
            f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
            f"{INVALID}Table is being created with a stream disabled, UpdateViewType should not be specified",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_aws_words(dynamodb, changes, message):
    assert refusal(dynamodb.create_table, **define(**changes)) == ("ValidationException", message)
    assert dynamodb.list_tables()["TableNames"] == []


def test_indexes_include_100_attributes_together(dynamodb):
    def songs(number: int, count: int) -> dict[str, Any]:
        names = [f"a{number}-{n}" for n in range(count)]
        return index(f"songs{number}", "song") | {
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": names}
        }

    many = [songs(number, 20) for number in range(5)]
    assert refusal(dynamodb.create_table, **define(GlobalSecondaryIndexes=[*many, songs(5, 1)]))[1].endswith("of 100")
    dynamodb.create_table(**define(GlobalSecondaryIndexes=many))


def test_a_key_has_at_most_two_parts(dynamodb):
    given = define(KeySchema=key("artist", "song") + key("year"), **WITH_YEAR)
    assert refusal(dynamodb.create_table, **given)[1].endswith("Member must have length less than or equal to 2")


def test_what_is_asked_for_is_described(dynamodb):
    given = define(
        TableClass="STANDARD_INFREQUENT_ACCESS", DeletionProtectionEnabled=True,
        OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        WarmThroughput={"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000},
    )  # fmt: skip
    made = dynamodb.create_table(**given)["TableDescription"]
    described = dynamodb.describe_table(TableName="music")["Table"]

    warm = {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000}
    assert made["WarmThroughput"] == {**warm, "Status": "UPDATING"}
    assert described["WarmThroughput"] == {**warm, "Status": "ACTIVE"}
    assert described["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert described["OnDemandThroughput"] == {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1}
    assert described["StreamSpecification"] == given["StreamSpecification"]
    assert described["LatestStreamArn"] == f"{described['TableArn']}/stream/{described['LatestStreamLabel']}"


def test_a_protected_table_is_not_deleted(dynamodb):
    dynamodb.create_table(**define(DeletionProtectionEnabled=True))
    code, message = refusal(dynamodb.delete_table, TableName="music")
    assert (code, "protected against deletion" in message) == ("ValidationException", True)
    dynamodb.update_table(TableName="music", DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName="music")


def test_a_deleted_table_is_gone_and_its_name_free(dynamodb):
    first = dynamodb.create_table(**define())["TableDescription"]
    deleted = dynamodb.delete_table(TableName="music")["TableDescription"]
    assert (deleted["TableStatus"], deleted["TableId"]) == ("DELETING", first["TableId"])
    assert "KeySchema" not in deleted

    missing = ("ResourceNotFoundException", "Requested resource not found: Table: music not found")
    assert refusal(dynamodb.describe_table, TableName="music") == missing
    assert refusal(dynamodb.delete_table, TableName="music") == missing
    assert dynamodb.create_table(**define())["TableDescription"]["TableId"] != first["TableId"]


def test_tables_are_listed_by_name_in_pages(dynamodb):
    names = [f"table-{number:03}" for number in range(105)]
    for name in reversed(names):
        dynamodb.create_table(**define(TableName=name))

    first = dynamodb.list_tables()
    assert (first["TableNames"], first["LastEvaluatedTableName"]) == (names[:100], "table-099")
    last = dynamodb.list_tables(ExclusiveStartTableName="table-099")
    assert last["TableNames"] == names[100:]
    assert "LastEvaluatedTableName" not in last
    assert dynamodb.list_tables(ExclusiveStartTableName="table-0505", Limit=2)["TableNames"] == names[51:53]
    assert refusal(dynamodb.list_tables, Limit=101)[0] == "ValidationException"
