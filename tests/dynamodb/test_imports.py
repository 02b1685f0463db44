"""Imports: the formats that are read, what is counted as an error, and what becomes of the table."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from cumulet.services.dynamodb import import_rows, ion
from cumulet.services.dynamodb.api import imports as api
from cumulet.testing import LocalCloud
from tests.conftest import connect
from tests.dynamodb.tables import define, index, refusal, types

TABLE = define(AttributeDefinitions=types(artist="S", song="S", plays="N"))
TABLE["GlobalSecondaryIndexes"] = [index("by-plays", "plays")]


class Source:
    """A bucket, and the imports from it."""

    def __init__(self, cloud: Any, account: str) -> None:
        self.cloud = cloud
        self.dynamodb = connect(cloud, "dynamodb", account=account)
        self.s3 = connect(cloud, "s3", account=account)
        self.bucket = f"imports-{account}"

    def keep(self, *lines: str, key: str = "data/1", body: bytes | None = None) -> None:
        self.s3.create_bucket(Bucket=self.bucket)
        content = "\n".join(lines).encode() if body is None else body
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def begin(self, given: dict[str, Any]) -> dict[str, Any]:
        return self.dynamodb.import_table(**given)["ImportTableDescription"]

    def request(self, how: str, **more: Any) -> dict[str, Any]:
        source = {"S3Bucket": self.bucket, "S3KeyPrefix": "data/"}
        return {"S3BucketSource": source, "InputFormat": how, "TableCreationParameters": TABLE, **more}

    def load(self, how: str, **more: Any) -> dict[str, Any]:
        """What becomes of a request."""
        begun = self.begin(self.request(how, **more))
        assert begun["ImportStatus"] == "IN_PROGRESS"
        self.cloud.settle()
        return self.dynamodb.describe_import(ImportArn=begun["ImportArn"])["ImportTableDescription"]

    def items(self) -> dict[str, dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName="music")
        return {item["song"]["S"]: item for page in pages for item in page["Items"]}


@pytest.fixture
def source(shared_cloud, account) -> Source:
    return Source(shared_cloud, account)


def counts(done: dict[str, Any]) -> tuple[str, int, int, int]:
    return done["ImportStatus"], done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]


def a_line(song: str, **more: Any) -> str:
    return json.dumps({"Item": {"artist": {"S": "a"}, "song": {"S": song}, **more}})


@pytest.mark.spec("data:DDB-33")
def test_lines_of_csv_are_items_of_strings_but_for_keys(source):
    source.keep("artist,song,plays,note", 'a,s1,07,"said ""hi"", twice"', "a,s2,,", "b,s3,1e2,x")
    done = source.load("CSV")
    assert counts(done) == ("COMPLETED", 3, 3, 0)
    assert source.items() == {
        "s1": {"artist": {"S": "a"}, "song": {"S": "s1"}, "plays": {"N": "7"}, "note": {"S": 'said "hi", twice'}},
        "s2": {"artist": {"S": "a"}, "song": {"S": "s2"}, "note": {"S": ""}},
        "s3": {"artist": {"S": "b"}, "song": {"S": "s3"}, "plays": {"N": "100"}, "note": {"S": "x"}},
    }
    found = source.dynamodb.query(
        TableName="music", IndexName="by-plays", KeyConditionExpression="plays = :n",
        ExpressionAttributeValues={":n": {"N": "7"}},
    )  # fmt: skip
    assert found["Count"] == 1


def test_csv_with_names_from_the_request_and_another_delimiter(source):
    source.keep("a;s1;5", "a;s2;6", key="data/1")
    source.keep("b;s3;7", key="data/2")
    options = {"Csv": {"Delimiter": ";", "HeaderList": ["artist", "song", "plays"]}}
    assert counts(source.load("CSV", InputFormatOptions=options)) == ("COMPLETED", 3, 3, 0)
    assert source.items()["s3"]["plays"] == {"N": "7"}


@pytest.mark.spec("data:DDB-33")
def test_dynamodb_json_that_was_compressed(source):
    item = {"n": {"N": "1.50"}, "b": {"B": "AP8="}, "m": {"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}]}}}}
    text = "\n".join([a_line("s1", **item), a_line("s2"), ""])
    source.keep(body=gzip.compress(text.encode()) + gzip.compress(a_line("s3").encode()))
    done = source.load("DYNAMODB_JSON", InputCompressionType="GZIP")
    assert counts(done) == ("COMPLETED", 3, 3, 0)
    assert done["ProcessedSizeBytes"] >= len(text)
    found = source.items()
    assert found.keys() == {"s1", "s2", "s3"}
    assert (found["s1"]["n"], found["s1"]["b"]) == ({"N": "1.5"}, {"B": b"\0\xff"})
    assert found["s1"]["m"] == item["m"]


@pytest.mark.spec("data:DDB-33")
def test_ion(source):
    source.keep(
        '$ion_1_0 {Item:{artist:"a",song:"s1",plays:6d2,tags:$dynamodb_SS::["x","y"],b:{{AP8=}},no:null}}',
        "{'Item':{'artist':'a', \"song\":'''s''' '''2''', plays:0x10, m:{\"é\":[true, -1.5e0, \"\\u00e9\"]}}} // fin",
    )
    assert counts(source.load("ION")) == ("COMPLETED", 2, 2, 0)
    found = source.items()
    assert found["s1"]["plays"] == {"N": "600"}
    assert sorted(found["s1"]["tags"]["SS"]) == ["x", "y"]
    assert (found["s1"]["b"], found["s1"]["no"]) == ({"B": b"\0\xff"}, {"NULL": True})
    assert found["s2"]["plays"] == {"N": "16"}
    assert found["s2"]["m"] == {"M": {"é": {"L": [{"BOOL": True}, {"N": "-1.5"}, {"S": "é"}]}}}


@pytest.mark.spec("data:DDB-33")
def test_lines_that_are_no_items_are_counted_and_left_out(source, monkeypatch):
    monkeypatch.setattr(import_rows, "LONGEST_LINE", 10_000)
    deep: dict[str, Any] = {"S": "x"}
    for _ in range(60):
        deep = {"L": [deep]}
    source.keep(
        a_line("good"), "", "no json", "[]", "{}", '{"Item":{"song":{"S":"no artist"}}}', '{"Item":{"artist":{"S":5}}}',
        a_line("n", n={"N": "x"}), a_line("two", n={"N": "1", "S": "1"}), a_line("b", b={"B": "*"}),
        a_line("plays", plays={"S": "not a number"}), a_line("empty set", s={"SS": []}), a_line("deep", d=deep),
        a_line("kind", k={"X": 1}), a_line("huge", k={"S": "x" * 20_000}), "[" * 9000,
        '{"Item":{"artist":{"S":"\\ud83d"},"song":{"S":"x"}}}', a_line("last"),
    )  # fmt: skip
    done = source.load("DYNAMODB_JSON")
    assert counts(done) == ("COMPLETED", 17, 2, 15)
    assert source.items().keys() == {"good", "last"}


def test_the_last_of_several_items_with_one_key_stays(source):
    source.keep(a_line("s", n={"N": "1"}), a_line("s", n={"N": "2"}))
    assert counts(source.load("DYNAMODB_JSON")) == ("COMPLETED", 2, 2, 0)
    assert source.items()["s"]["n"] == {"N": "2"}
    assert source.dynamodb.describe_table(TableName="music")["Table"]["ItemCount"] == 1


def test_an_import_of_nothing_but_errors_fails(source):
    source.keep("what", "ever")
    done = source.load("DYNAMODB_JSON")
    assert counts(done) == ("FAILED", 2, 0, 2)
    assert done["FailureCode"] == "ItemValidationError"
    assert source.dynamodb.describe_table(TableName="music")["Table"]["TableStatus"] == "ACTIVE"


def test_what_is_not_compressed_as_said_is_an_error_of_the_object(source):
    source.keep(body=b"plain", key="data/1")
    source.keep(body=gzip.compress((a_line("s1") + "\n").encode() * 2000)[:-30], key="data/2")
    source.keep(body=gzip.compress(a_line("s2").encode()), key="data/3")
    done = source.load("DYNAMODB_JSON", InputCompressionType="GZIP")
    assert (done["ImportStatus"], done["ErrorCount"]) == ("COMPLETED", 2)
    assert "s2" in source.items()


def test_a_bucket_that_is_not_there_leaves_no_table(source):
    done = source.load("CSV")
    assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    source.keep("x", key="elsewhere")
    assert source.load("CSV")["FailureCode"] == "S3NoSuchKey"
    assert source.dynamodb.list_tables()["TableNames"] == []


def test_a_bucket_is_read_with_the_permissions_of_the_caller(source, client):
    source.keep(a_line("s1"))
    iam = client("iam")
    iam.create_user(UserName="importer")
    made = iam.create_access_key(UserName="importer")["AccessKey"]
    statement = {"Effect": "Allow", "Action": ["dynamodb:*", "s3:ListBucket"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="importer", PolicyName="allowed", PolicyDocument=document)
    source.dynamodb = source.cloud.client(
        "dynamodb", aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"]
    )
    done = source.load("DYNAMODB_JSON")
    assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "S3AccessDenied")


def test_the_table_is_new_and_cannot_be_used_before_it_is_full(source):
    source.keep(a_line("s1"))
    source.load("DYNAMODB_JSON")
    again = source.request("DYNAMODB_JSON")
    assert refusal(source.dynamodb.import_table, **again) == ("ResourceInUseException", "Table already exists: music")


def test_what_a_request_may_not_say(source, account):
    call = source.dynamodb.import_table
    given = source.request("DYNAMODB_JSON")
    assert refusal(call, **given, InputCompressionType="ZSTD")[0] == "NotImplemented"
    options = {"InputFormatOptions": {"Csv": {"Delimiter": ","}}}
    assert refusal(call, **given, **options)[0] == "ValidationException"
    keyless = {**TABLE, "KeySchema": [{"AttributeName": "nothing", "KeyType": "HASH"}]}
    assert refusal(call, **{**given, "TableCreationParameters": keyless})[0] == "ValidationException"
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music/import/01658528578619-c4d4e311"
    words = f"Import not found: {arn}"
    assert refusal(source.dynamodb.describe_import, ImportArn=arn) == ("ImportNotFoundException", words)
    assert refusal(source.dynamodb.list_imports, NextToken="f" * 112)[0] == "ValidationException"


def test_a_token_makes_a_repeated_request_the_same_import(source):
    source.keep(a_line("s1"))
    first = source.load("DYNAMODB_JSON", ClientToken="once")
    assert source.begin(source.request("DYNAMODB_JSON", ClientToken="once"))["ImportArn"] == first["ImportArn"]
    other = source.request("ION", ClientToken="once")
    assert refusal(source.dynamodb.import_table, **other)[0] == "ImportConflictException"


def test_imports_are_listed_in_pages(source):
    source.keep(a_line("s1"))
    arns = []
    for _ in range(3):
        arns.append(source.load("DYNAMODB_JSON")["ImportArn"])
        source.dynamodb.delete_table(TableName="music")
    page = source.dynamodb.list_imports(PageSize=2)
    rest = source.dynamodb.list_imports(PageSize=2, NextToken=page["NextToken"])
    assert [each["ImportArn"] for each in page["ImportSummaryList"] + rest["ImportSummaryList"]] == arns
    assert "NextToken" not in rest
    (first, *_) = page["ImportSummaryList"]
    assert source.dynamodb.list_imports(TableArn=first["TableArn"] + "s")["ImportSummaryList"] == []


@pytest.mark.spec("data:DDB-33")
def test_an_import_goes_on_after_a_restart_and_counts_nothing_twice(tmp_path, account, monkeypatch):
    monkeypatch.setattr(api, "_ROWS_AT_ONCE", 3)
    with LocalCloud(tmp_path) as cloud:
        source = Source(cloud, account)
        for number in range(3):
            header = ["artist,song,plays", *(f"a,s{number}-{row},{row}" for row in range(200))]
            source.keep(*header, key=f"data/{number}")
        arn = source.begin(source.request("CSV"))["ImportArn"]
        status = source.dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]["ImportStatus"]

    with LocalCloud(tmp_path) as cloud:
        source = Source(cloud, account)
        cloud.settle()
        done = source.dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
        assert status == "IN_PROGRESS"
        assert counts(done) == ("COMPLETED", 600, 600, 0)
        assert source.dynamodb.describe_table(TableName="music")["Table"]["ItemCount"] == 600


@pytest.mark.spec("data:DDB-32")
@pytest.mark.parametrize("how", ["DYNAMODB_JSON", "ION"])
def test_what_was_exported_can_be_imported(source, how):
    source.keep(key="elsewhere")
    dynamodb = source.dynamodb
    made = dynamodb.create_table(**TABLE)["TableDescription"]
    wanted = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="music", PointInTimeRecoverySpecification=wanted)
    for number in range(20):
        item = {"plays": {"N": str(number * 10)}, "set": {"BS": [b"\0", b"1"]}, "it's": {"S": "\u2028'\"\\\n\x01"}}
        dynamodb.put_item(TableName="music", Item={"artist": {"S": "a"}, "song": {"S": f"s{number}"}, **item})
    before = source.items()
    export = dynamodb.export_table_to_point_in_time(
        TableArn=made["TableArn"], S3Bucket=source.bucket, S3Prefix="data", ExportFormat=how
    )["ExportDescription"]
    source.cloud.settle()
    dynamodb.delete_table(TableName="music")
    folder = f"data/AWSDynamoDB/{export['ExportArn'].rpartition('/')[2]}/data/"
    place = {"S3Bucket": source.bucket, "S3KeyPrefix": folder}
    done = source.load(how, S3BucketSource=place, InputCompressionType="GZIP")
    assert counts(done) == ("COMPLETED", 20, 20, 0)
    assert {song: sorted_sets(item) for song, item in source.items().items()} == {
        song: sorted_sets(item) for song, item in before.items()
    }


def sorted_sets(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "set": sorted(item["set"]["BS"])}


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "{a:", "{a 1}", "[1,", '"', '"\\q"', "'''", "{{", "{{*}}", "2024-01-01", "1 2", "nothing::",
        "a::" * 99, "[" * 99, "$ion_1_0", '"\\ud83d"', '"\\U0011ffff"', "$dynamodb_SS::[1]", "(1 2)", "/* {",
    ],
)  # fmt: skip
def test_what_is_no_ion_is_refused(text):
    with pytest.raises(ion.NotIon):
        ion.read(text)
