"""Tags of tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamodb.tables import define, refusal


@pytest.fixture
def dynamodb(client) -> Any:
    return client("dynamodb")


def tags(**pairs: str) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in pairs.items()]


def test_tags_come_with_the_table_or_later(dynamodb):
    arn = dynamodb.create_table(**define(Tags=tags(team="blue")))["TableDescription"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags(team="green", cost="7"))
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags(team="green", cost="7")
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["team", "nothing"])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags(cost="7")


def test_tags_of_what_is_not_there(dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music"
    missing = ("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")
    assert refusal(dynamodb.list_tags_of_resource, ResourceArn=arn) == missing
    assert refusal(dynamodb.tag_resource, ResourceArn=arn, Tags=tags(a="b")) == missing
    bad = refusal(dynamodb.tag_resource, ResourceArn="music", Tags=tags(a="b"))
    assert bad == ("ValidationException", "Invalid TableArn: Invalid ResourceArn provided as input music")


def test_a_table_has_at_most_50_tags_none_of_them_awss(dynamodb):
    arn = dynamodb.create_table(**define())["TableDescription"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags(**{f"t{n}": "" for n in range(50)}))
    assert refusal(dynamodb.tag_resource, ResourceArn=arn, Tags=tags(more="x"))[0] == "ValidationException"
    dynamodb.tag_resource(ResourceArn=arn, Tags=tags(t1="changed"))
    assert refusal(dynamodb.tag_resource, ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": ""}])[0] == (
        "ValidationException"
    )
    assert refusal(dynamodb.tag_resource, ResourceArn=arn, Tags=[])[1].startswith("Atleast one Tag")
    assert refusal(dynamodb.untag_resource, ResourceArn=arn, TagKeys=[])[1].startswith("Atleast one Tag Key")
    assert len(dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]) == 50
