"""`cumulet up --enforce-throughput`."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config


@pytest.mark.parametrize("arguments", [(), ("--enforce-throughput",)])
def test_tables_are_held_to_their_throughput_only_where_it_is_asked_for(cumulet, arguments):
    facts = cumulet("up", "--detach", "--json", "--port", "0", *arguments).json
    dynamodb = boto3.client(
        "dynamodb", endpoint_url=facts["url"], region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip
    dynamodb.create_table(
        TableName="music",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    large = {"pk": {"S": "p"}, "data": {"S": "x" * 100_000}}
    dynamodb.put_item(TableName="music", Item=large)

    if arguments:
        with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException):
            dynamodb.put_item(TableName="music", Item=large)
    else:
        dynamodb.put_item(TableName="music", Item=large)
