"""The aws command: tables, items, expressions, pages, waiters and transactions from the shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(shutil.which("aws") is None, reason="the aws command is not installed")
Aws = Callable[..., Any]


@pytest.fixture
def run(shared_cloud, account, tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    environment = {
        **os.environ, "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": shared_cloud.url, "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }  # fmt: skip

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["aws", "--output", "json", "dynamodb", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def aws(run) -> Aws:
    def aws(*words: str) -> Any:
        done = run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    return aws


@pytest.fixture
def music(aws) -> None:
    aws(
        "create-table", "--table-name", "music", "--billing-mode", "PAY_PER_REQUEST",
        "--attribute-definitions", "AttributeName=artist,AttributeType=S", "AttributeName=year,AttributeType=N",
        "--key-schema", "AttributeName=artist,KeyType=HASH", "AttributeName=year,KeyType=RANGE",
    )  # fmt: skip
    aws("wait", "table-exists", "--table-name", "music")


def key(year: int) -> str:
    return json.dumps({"artist": {"S": "é"}, "year": {"N": str(year)}})


@pytest.mark.spec("security:ACC-02", "data:DDB-01", "data:DDB-07", "data:DDB-08", "data:DDB-11")
def test_items_are_put_changed_and_deleted_from_the_shell(aws, run, music):
    item = {"artist": {"S": "é"}, "year": {"N": "1999"}, "label": {"S": "Lava"}}
    aws("put-item", "--table-name", "music", "--item", json.dumps(item))
    assert aws("get-item", "--table-name", "music", "--key", key(1999), "--consistent-read") == {"Item": item}

    changed = aws(
        "update-item", "--table-name", "music", "--key", key(1999), "--return-values", "UPDATED_NEW",
        "--update-expression", "SET #p = if_not_exists(#p, :zero) + :one REMOVE label",
        "--expression-attribute-names", '{"#p": "plays"}',
        "--expression-attribute-values", '{":zero": {"N": "0"}, ":one": {"N": "1"}}',
    )  # fmt: skip
    assert changed == {"Attributes": {"plays": {"N": "1"}}}
    condition = ("--condition-expression", "attribute_not_exists(plays)")
    refused = run("delete-item", "--table-name", "music", "--key", key(1999), *condition)
    assert refused.returncode in (254, 255)
    assert "(ConditionalCheckFailedException)" in refused.stderr
    aws("delete-item", "--table-name", "music", "--key", key(1999))
    assert aws("get-item", "--table-name", "music", "--key", key(1999)) == {}


@pytest.mark.spec("data:DDB-14", "data:DDB-15", "data:DDB-17")
def test_batches_are_written_and_found_page_by_page(aws, music, tmp_path):
    requests = [{"PutRequest": {"Item": json.loads(key(1990 + n))}} for n in range(25)]
    Path(tmp_path / "items.json").write_text(json.dumps({"music": requests}))
    written = aws("batch-write-item", "--request-items", f"file://{tmp_path}/items.json")
    assert written == {"UnprocessedItems": {}}

    condition = ("--key-condition-expression", "artist = :a AND #y < :y")
    names = ("--expression-attribute-names", '{"#y": "year"}')
    values = ("--expression-attribute-values", '{":a": {"S": "é"}, ":y": {"N": "2000"}}')
    query = ("query", "--table-name", "music", *condition, *names, *values, "--no-scan-index-forward")
    found = aws(*query, "--page-size", "3")
    first = aws(*query, "--max-items", "4")
    rest = aws(*query, "--max-items", "40", "--starting-token", first["NextToken"])

    assert [int(item["year"]["N"]) for item in found["Items"]] == list(range(1999, 1989, -1))
    assert first["Items"] + rest["Items"] == found["Items"] and "NextToken" not in rest
    assert aws("scan", "--table-name", "music", "--select", "COUNT", "--page-size", "7")["Count"] == 25


def test_transactions_statements_and_the_end_of_a_table(aws, run, music):
    put = {
        "Put": {"TableName": "music", "Item": json.loads(key(1)), "ConditionExpression": "attribute_not_exists(artist)"}
    }
    aws("transact-write-items", "--transact-items", json.dumps([put]))
    refused = run("transact-write-items", "--transact-items", json.dumps([put]))
    assert "specific reasons [ConditionalCheckFailed]" in refused.stderr
    assert aws("execute-statement", "--statement", "SELECT * FROM \"music\" WHERE artist = 'é'")["Items"] == [
        json.loads(key(1))
    ]
    assert aws("list-tables") == {"TableNames": ["music"]}
    aws("delete-table", "--table-name", "music")
    aws("wait", "table-not-exists", "--table-name", "music")
    assert "(ResourceNotFoundException)" in run("describe-table", "--table-name", "music").stderr
