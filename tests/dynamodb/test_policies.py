"""Who may do what: IAM down to keys and attributes, and the policies that tables themselves have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.dynamodb.tables import define, index, refusal, types
from tests.iam.policies import acting, allow, deny, policy, user_with

OWN = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
MEMBERS = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem",
           "ConditionCheckItem", "PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")  # fmt: skip


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    made.create_table(
        **define(
            AttributeDefinitions=types(artist="S", song="S", genre="S"),
            GlobalSecondaryIndexes=[index("genres", "genre")],
        )
    )
    return made


@pytest.fixture
def david(client, dynamodb) -> Any:
    """A user who may only touch items whose partition key is his name."""
    document = policy(allow(*(f"dynamodb:{action}" for action in MEMBERS), Condition=OWN))
    return acting(client, user_with(client("iam"), "david", document), "dynamodb")


def item(artist: str, song: str = "s", **more: str) -> dict[str, dict[str, str]]:
    return {name: {"S": text} for name, text in {"artist": artist, "song": song, **more}.items()}


def code(call: Any, **given: Any) -> str:
    return refusal(call, **given)[0]


@pytest.mark.spec("data:DDB-34")
def test_policies_name_tables_and_indexes_by_their_arns(client, dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    document = policy(allow("dynamodb:PutItem", "dynamodb:Query", "dynamodb:DescribeTable", resource=arn))
    user = acting(client, user_with(client("iam"), "david", document), "dynamodb")
    user.put_item(TableName="music", Item=item("a"))
    user.describe_table(TableName=arn)
    query = {"KeyConditionExpression": "artist = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}
    assert user.query(TableName="music", **query)["Count"] == 1

    assert refusal(user.get_item, TableName="music", Key=item("a")) == (
        "AccessDeniedException",
        f"User: arn:aws:iam::{account}:user/david is not authorized to perform: dynamodb:GetItem on resource: {arn} "
        "because no identity-based policy allows the dynamodb:GetItem action",
    )
    by_genre = {"KeyConditionExpression": "genre = :g", "ExpressionAttributeValues": {":g": {"S": "a"}}}
    words = refusal(user.query, TableName="music", IndexName="genres", **by_genre)[1]
    assert f"dynamodb:Query on resource: {arn}/index/genres" in words
    assert code(user.describe_table, TableName="other") == "AccessDeniedException"
    assert code(user.list_tables) == "AccessDeniedException"


@pytest.mark.spec("data:DDB-35")
def test_a_user_touches_only_items_of_his_own(david):
    mine, others = item("david"), item("goliath")
    david.put_item(TableName="music", Item=mine)
    david.update_item(TableName="music", Key=mine, UpdateExpression="SET n = :n", ExpressionAttributeValues={
        ":n": {"N": "1"}
    })  # fmt: skip
    assert david.get_item(TableName="music", Key=mine)["Item"]["n"] == {"N": "1"}
    david.batch_get_item(RequestItems={"music": {"Keys": [mine]}})
    david.batch_write_item(RequestItems={"music": [{"PutRequest": {"Item": mine}}]})

    denied = "AccessDeniedException"
    assert code(david.put_item, TableName="music", Item=others) == denied
    assert code(david.get_item, TableName="music", Key=others) == denied
    assert code(david.delete_item, TableName="music", Key=others) == denied
    assert code(david.update_item, TableName="music", Key=others) == denied
    assert code(david.batch_get_item, RequestItems={"music": {"Keys": [mine, others]}}) == denied
    both = [{"PutRequest": {"Item": mine}}, {"DeleteRequest": {"Key": others}}]
    assert code(david.batch_write_item, RequestItems={"music": both}) == denied


@pytest.mark.spec("data:DDB-35")
@pytest.mark.parametrize(
    "condition",
    [
        {"KeyConditionExpression": "artist = :a AND begins_with(song, :s)", "ExpressionAttributeValues": {
            ":a": {"S": "{}"}, ":s": {"S": "s"}}},
        {"KeyConditionExpression": "(#a=:a)", "ExpressionAttributeValues": {":a": {"S": "{}"}},
         "ExpressionAttributeNames": {"#a": "artist"}},
        {"KeyConditions": {"artist": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "{}"}]}}},
    ],
)  # fmt: skip
def test_a_query_is_about_one_partition(david, condition):
    mine, others = (json.loads(json.dumps(condition).replace("{}", name)) for name in ("david", "goliath"))
    assert david.query(TableName="music", **mine)["Count"] == 0
    assert code(david.query, TableName="music", **others) == "AccessDeniedException"


@pytest.mark.spec("data:DDB-35")
def test_transactions_ask_for_each_action(david):
    mine, others = item("david"), item("goliath")
    david.transact_write_items(TransactItems=[{"Put": {"TableName": "music", "Item": mine}}])
    david.transact_get_items(TransactItems=[{"Get": {"TableName": "music", "Key": mine}}])
    check = {"TableName": "music", "Key": others, "ConditionExpression": "attribute_exists(artist)"}
    for part in ({"Put": {"TableName": "music", "Item": others}}, {"ConditionCheck": check}):
        given = [{"Delete": {"TableName": "music", "Key": mine}}, part]
        assert code(david.transact_write_items, TransactItems=given) == "AccessDeniedException"
    reads = [{"Get": {"TableName": "music", "Key": key}} for key in (mine, others)]
    assert code(david.transact_get_items, TransactItems=reads) == "AccessDeniedException"


def test_an_action_can_be_allowed_in_transactions_only(client, dynamodb):
    within = {"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}
    document = policy(allow("dynamodb:PutItem", Condition=within))
    user = acting(client, user_with(client("iam"), "david", document), "dynamodb")
    user.transact_write_items(TransactItems=[{"Put": {"TableName": "music", "Item": item("a")}}])
    assert code(user.put_item, TableName="music", Item=item("a")) == "AccessDeniedException"


@pytest.mark.spec("data:DDB-35")
def test_statements_of_partiql_ask_for_their_kind(david):
    mine = [{"S": "david"}]
    david.execute_statement(Statement="INSERT INTO music VALUE {'artist': ?, 'song': 's'}", Parameters=mine)
    found = david.execute_statement(Statement="SELECT * FROM music WHERE artist = 'david'")
    assert [each["song"] for each in found["Items"]] == [{"S": "s"}]
    for statement in (
        "INSERT INTO music VALUE {'artist': 'goliath', 'song': 's'}",
        "SELECT * FROM music WHERE artist = 'goliath'",
        "SELECT * FROM music WHERE artist IN ['david', 'goliath']",
        "SELECT * FROM music WHERE artist = 'david' OR artist = 'goliath'",
        "UPDATE music SET n = 1 WHERE artist = 'goliath' AND song = 's'",
        "DELETE FROM music WHERE artist = 'goliath' AND song = 's'",
    ):
        assert code(david.execute_statement, Statement=statement) == "AccessDeniedException", statement


def test_a_full_scan_by_partiql_can_be_forbidden(client, dynamodb):
    scans = deny("dynamodb:PartiQLSelect", Condition={"Bool": {"dynamodb:FullTableScan": "true"}})
    document = policy(allow("dynamodb:PartiQLSelect"), scans)
    user = acting(client, user_with(client("iam"), "david", document), "dynamodb")
    user.execute_statement(Statement="SELECT * FROM music WHERE artist = 'a'")
    assert code(user.execute_statement, Statement="SELECT * FROM music") == "AccessDeniedException"


@pytest.mark.spec("data:DDB-35")
def test_a_user_sees_only_attributes_that_are_named(client, dynamodb):
    dynamodb.put_item(TableName="music", Item=item("a", year="1999", price="7"))
    condition = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["artist", "song", "year"]},
        "StringEqualsIfExists": {
            "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
            "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"],
        },
    }
    document = policy(allow("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Scan", Condition=condition))
    user = acting(client, user_with(client("iam"), "david", document), "dynamodb")
    read = {"TableName": "music", "Key": item("a")}
    named = {"#y": "year"}
    seen = user.get_item(**read, ProjectionExpression="song, #y", ExpressionAttributeNames=named)["Item"]
    assert seen == {"song": {"S": "s"}, "year": {"S": "1999"}}
    user.scan(TableName="music", AttributesToGet=["song"])
    value = {":v": {"S": "2000"}}
    change = {"UpdateExpression": "SET #y = :v", "ExpressionAttributeNames": named, "ExpressionAttributeValues": value}
    user.update_item(**read, **change)

    denied = "AccessDeniedException"
    assert code(user.get_item, **read) == denied
    assert code(user.get_item, **read, ProjectionExpression="song, price") == denied
    assert code(user.update_item, **read, **change, ReturnValues="ALL_NEW") == denied
    hidden = {"ConditionExpression": "price.total > :v"}
    assert code(user.update_item, **read, **change, **hidden) == denied


def test_tags_of_tables_decide(client, dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    user = acting(
        client, user_with(client("iam"), "david", policy(allow("dynamodb:*", Condition=blue))), "dynamodb"
    )  # fmt: skip
    assert code(user.describe_table, TableName="music") == "AccessDeniedException"
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "blue"}])
    assert user.describe_table(TableName="music")["Table"]["TableArn"] == arn


def granting(account: str, arn: str, *actions: str, effect: str = "Allow") -> str:
    statement = {
        "Effect": effect, "Principal": {"AWS": account}, "Action": [f"dynamodb:{a}" for a in actions], "Resource": arn,
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.spec("data:DDB-34")
def test_another_account_comes_in_by_the_tables_policy(client, dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    dynamodb.put_item(TableName="music", Item=item("a"))
    guest = client("dynamodb", account="999988887777")
    assert code(guest.get_item, TableName=arn, Key=item("a")) == "AccessDeniedException"
    assert code(guest.describe_table, TableName=arn.replace("music", "none")) == "AccessDeniedException"

    dynamodb.put_resource_policy(ResourceArn=arn, Policy=granting("999988887777", arn, "GetItem", "Scan"))
    assert guest.get_item(TableName=arn, Key=item("a"))["Item"] == item("a")
    assert guest.scan(TableName=arn)["Count"] == 1
    read = [{"Get": {"TableName": arn, "Key": item("a")}}]
    assert guest.transact_get_items(TransactItems=read)["Responses"] == [{"Item": item("a")}]
    assert code(guest.batch_get_item, RequestItems={arn: {"Keys": [item("a")]}}) == "AccessDeniedException"
    assert code(guest.put_item, TableName=arn, Item=item("b")) == "AccessDeniedException"
    assert code(guest.scan, TableName=arn, IndexName="genres") == "AccessDeniedException"
    assert code(guest.get_item, TableName="music", Key=item("a")) == "ResourceNotFoundException"

    dynamodb.delete_resource_policy(ResourceArn=arn)
    assert code(guest.get_item, TableName=arn, Key=item("a")) == "AccessDeniedException"


def test_a_tables_policy_binds_even_its_own_root(dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=granting(account, arn, "DeleteTable", effect="Deny"))
    assert code(dynamodb.delete_table, TableName="music") == "AccessDeniedException"
    dynamodb.describe_table(TableName="music")


def test_who_locks_himself_out_says_so(dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    closing = granting(account, arn, "PutResourcePolicy", "DeleteResourcePolicy", effect="Deny")
    assert code(dynamodb.put_resource_policy, ResourceArn=arn, Policy=closing) == "ValidationException"
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=closing, ConfirmRemoveSelfResourceAccess=True)
    assert code(dynamodb.delete_resource_policy, ResourceArn=arn) == "AccessDeniedException"


def test_policies_have_revisions(dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    one, two = granting(account, arn, "GetItem"), granting(account, arn, "Scan")
    assert code(dynamodb.get_resource_policy, ResourceArn=arn) == "PolicyNotFoundException"
    assert "RevisionId" not in dynamodb.delete_resource_policy(ResourceArn=arn)

    first = dynamodb.put_resource_policy(ResourceArn=arn, Policy=one, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    assert dynamodb.put_resource_policy(ResourceArn=arn, Policy=one)["RevisionId"] == first
    found = dynamodb.get_resource_policy(ResourceArn=arn)
    assert (found["Policy"], found["RevisionId"]) == (one, first)
    for wrong in ("NO_POLICY", "17"):
        given = {"ResourceArn": arn, "Policy": two, "ExpectedRevisionId": wrong}
        assert code(dynamodb.put_resource_policy, **given) == "PolicyNotFoundException"
    second = dynamodb.put_resource_policy(ResourceArn=arn, Policy=two, ExpectedRevisionId=first)["RevisionId"]
    assert second != first
    stale = {"ResourceArn": arn, "ExpectedRevisionId": first}
    assert code(dynamodb.delete_resource_policy, **stale) == "PolicyNotFoundException"
    assert dynamodb.delete_resource_policy(ResourceArn=arn)["RevisionId"] == second


def test_what_is_no_policy_is_refused(dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    long = granting(account, arn, "GetItem") + " " * 20 * 1024
    for text in ("{", "{}", "[" * 1000, long):
        assert code(dynamodb.put_resource_policy, ResourceArn=arn, Policy=text) == "ValidationException"
    good = granting(account, arn, "GetItem")
    nowhere = {"ResourceArn": f"{arn}/stream/2020-01-01T00:00:00.000", "Policy": good}
    assert code(dynamodb.put_resource_policy, **nowhere) == "ResourceNotFoundException"
    assert code(dynamodb.create_table, **define(TableName="other", ResourcePolicy="{}")) == "ValidationException"
    dynamodb.create_table(**define(TableName="other", ResourcePolicy=good))
    assert dynamodb.get_resource_policy(ResourceArn=arn.replace("music", "other"))["Policy"] == good


def test_a_new_tables_tags_and_policy_need_permissions_of_their_own(client, dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/other"
    plain, tagged = define(TableName="other"), define(TableName="other", Tags=[{"Key": "team", "Value": "blue"}])
    shared = define(TableName="other", ResourcePolicy=granting(account, arn, "GetItem"))
    document = policy(allow("dynamodb:CreateTable", "dynamodb:DeleteTable", resource=arn))
    user = acting(client, user_with(client("iam"), "david", document), "dynamodb")
    assert "dynamodb:TagResource" in refusal(user.create_table, **tagged)[1]
    assert "dynamodb:PutResourcePolicy" in refusal(user.create_table, **shared)[1]
    user.create_table(**plain)
    user.delete_table(TableName="other")
