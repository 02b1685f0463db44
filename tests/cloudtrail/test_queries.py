"""Queries of event data stores: real SQL, that reads its stores and nothing else."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from cumulet.kernel.errors import NotImplementedYet
from cumulet.services.cloudtrail import engine, queries, samples
from tests.cloudtrail.conftest import ended, lake, query, rows


def refusal(call, **parameters) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


@pytest.fixture
def store(cloudtrail, client) -> str:
    """A store in which three queues were made."""
    made = lake(cloudtrail)
    for name in ("a", "b", "c"):
        client("sqs").create_queue(QueueName=name)
    return made


def test_groups_and_conditions(cloudtrail, store):
    found = query(
        cloudtrail,
        f"SELECT eventSource, eventName, count(*) AS calls FROM {store} WHERE eventTime > '2020-01-01 00:00:00' "
        "AND userIdentity.type = 'Root' AND readOnly = false AND eventName = 'CreateQueue' GROUP BY 1, 2",
    )
    assert found == [{"eventSource": "sqs.amazonaws.com", "eventName": "CreateQueue", "calls": "3"}]


def test_what_trino_has_and_the_engine_names_otherwise(cloudtrail, store):
    found = query(
        cloudtrail,
        f"SELECT approx_distinct(eventName) AS n FROM {store} WHERE regexp_like(eventName, '^CreateQ') "
        "AND eventTime > date_add('hour', -1, now()) AND eventTime > from_iso8601_timestamp('2020-01-01T00:00:00Z') "
        "AND json_extract_scalar(eventJson, '$.eventSource') = 'sqs.amazonaws.com'",
    )
    assert found == [{"n": "1"}]


def test_parameters_stand_for_question_marks(cloudtrail, store):
    statement = f"SELECT eventName, '?' AS mark FROM {store} WHERE requestParameters['queueName'] = ? AND eventName = ?"

    assert query(cloudtrail, statement, QueryParameters=["b", "CreateQueue"]) == [
        {"eventName": "CreateQueue", "mark": "?"}
    ]
    assert refusal(cloudtrail.start_query, QueryStatement=statement) == "InvalidParameterException"


def test_stores_are_joined(cloudtrail, store, client):
    other = lake(cloudtrail)
    client("sqs").create_queue(QueueName="b2")
    statement = (
        f"SELECT count(*) AS n FROM {store} x JOIN {other} y ON x.eventID = y.eventID WHERE x.eventName = 'CreateQueue'"
    )
    assert query(cloudtrail, statement) == [{"n": "1"}]


def test_results_come_in_pages(cloudtrail, store):
    started = cloudtrail.start_query(
        QueryStatement=f"SELECT n FROM range(250) t(n) WHERE (SELECT count(*) FROM {store}) > 0 ORDER BY n"
    )
    query_id = ended(cloudtrail, started["QueryId"])
    found, token = [], {}
    while True:
        page = cloudtrail.get_query_results(QueryId=query_id, MaxQueryResults=60, **token)
        found.append([int(row[0]["n"]) for row in page["QueryResultRows"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}

    assert [len(each) for each in found] == [60, 60, 60, 60, 10]
    assert [number for each in found for number in each] == list(range(250))
    assert page["QueryStatistics"]["TotalResultsCount"] == 250


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE {store}",
        "SELECT 1 FROM {store}; SELECT 2 FROM {store}",
        "SELECT * FROM read_csv('/etc/passwd'), {store}",
        "SELECT * FROM '/etc/passwd', {store}",
        "SELECT * FROM enable_logging(storage = 'file', storage_path = '/tmp/x'), {store}",
        "SELECT write_log('x') FROM {store}",
        "SELECT current_setting('memory_limit') FROM {store}",
        "SELECT * FROM information_schema.tables, {store}",
        "SHOW TABLES",
        "SELECT 1",
        "SELEC eventName FROM {store}",
        "WITH x AS (SELECT * FROM duckdb_settings()) SELECT * FROM x, {store}",
        "COPY {store} TO '/tmp/x'",
        "SET memory_limit = '1TB'",
    ],
)
def test_only_a_select_of_stores_may_run(cloudtrail, store, statement):
    given = statement.format(store=store)
    assert refusal(cloudtrail.start_query, QueryStatement=given) == "InvalidQueryStatementException"


def test_a_query_that_fails_says_why(cloudtrail, store):
    started = cloudtrail.start_query(QueryStatement=f"SELECT nonsense FROM {store}")
    told = cloudtrail.describe_query(QueryId=ended(cloudtrail, started["QueryId"]))

    assert told["QueryStatus"] == "FAILED"
    assert "nonsense" in told["ErrorMessage"]


def test_a_query_that_wants_too_much_memory_fails_alone(cloudtrail, store):
    greedy = f"SELECT count(*) FROM {store}, (SELECT list(range) AS l FROM range(400000000)) WHERE len(l) > 0"
    started = cloudtrail.start_query(QueryStatement=greedy)
    told = cloudtrail.describe_query(QueryId=ended(cloudtrail, started["QueryId"]))

    assert told["QueryStatus"] == "FAILED"
    assert "emory" in told["ErrorMessage"]


def test_a_running_query_is_cancelled(cloudtrail, store):
    endless = f"SELECT count(*) FROM {store}, range(1000000) a, range(1000000) b, range(1000000) c WHERE a.range > 1"
    query_id = cloudtrail.start_query(QueryStatement=endless)["QueryId"]
    cancelled = cloudtrail.cancel_query(QueryId=query_id)

    assert cancelled["QueryStatus"] == "CANCELLED"
    assert cloudtrail.describe_query(QueryId=query_id)["QueryStatus"] == "CANCELLED"
    assert refusal(cloudtrail.cancel_query, QueryId=query_id) == "InactiveQueryException"


def test_queries_are_listed_newest_first(cloudtrail, store):
    statement = f"SELECT count(*) FROM {store}"
    ids = [ended(cloudtrail, cloudtrail.start_query(QueryStatement=statement)["QueryId"]) for _ in range(2)]
    listed = cloudtrail.list_queries(EventDataStore=store, MaxResults=1)
    rest = cloudtrail.list_queries(EventDataStore=store, NextToken=listed["NextToken"])

    assert sorted(each["QueryId"] for each in (*listed["Queries"], *rest["Queries"])) == sorted(ids)
    assert cloudtrail.list_queries(EventDataStore=store, QueryStatus="FAILED")["Queries"] == []


def test_unknown_queries_and_stores(cloudtrail, client):
    nobody = "11111111-1111-4111-8111-111111111111"
    assert refusal(cloudtrail.describe_query, QueryId=nobody) == "QueryIdNotFoundException"
    assert refusal(cloudtrail.get_query_results, QueryId=nobody) == "QueryIdNotFoundException"
    refused = refusal(cloudtrail.start_query, QueryStatement=f"SELECT 1 FROM {nobody}")
    assert refused == "EventDataStoreNotFoundException"


def test_results_are_delivered_and_signed(cloudtrail, store, s3, account):
    s3.create_bucket(Bucket=f"results-{account}")
    s3.put_bucket_policy(
        Bucket=f"results-{account}",
        Policy=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::results-{account}/*",
                "Condition": {"StringLike": {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{account}:event*/*"}},
            }],
        }),
    )  # fmt: skip
    started = cloudtrail.start_query(
        QueryStatement=f"SELECT eventName, requestParameters['queueName'] AS q FROM {store} "
        "WHERE eventName = 'CreateQueue' ORDER BY q",
        DeliveryS3Uri=f"s3://results-{account}/found",
    )
    query_id = ended(cloudtrail, started["QueryId"])
    for _ in range(200):
        told = cloudtrail.describe_query(QueryId=query_id)
        if told["DeliveryStatus"] != "PENDING":
            break
    listed = [each["Key"] for each in s3.list_objects_v2(Bucket=f"results-{account}")["Contents"]]
    result, sign = (s3.get_object(Bucket=f"results-{account}", Key=key)["Body"].read() for key in listed)
    written = list(csv.reader(io.StringIO(gzip.decompress(result).decode())))
    signed = json.loads(sign)
    hashed = hashlib.sha256(result).hexdigest()
    (key,) = cloudtrail.list_public_keys()["PublicKeyList"]

    assert told["DeliveryStatus"] == "SUCCESS"
    assert listed[0].startswith(f"found/AWSLogs/{account}/CloudTrail-Lake/Query/")
    assert listed[0].endswith(f"/{query_id}/result_1.csv.gz")
    assert written == [["eventName", "q"], *(["CreateQueue", name] for name in "abc")]
    assert signed["files"] == [{"fileName": "result_1.csv.gz", "fileHashValue": hashed}]
    assert signed["publicKeyFingerprint"] == key["Fingerprint"]
    public = serialization.load_der_public_key(key["Value"])
    public.verify(bytes.fromhex(signed["hashSignature"]), hashed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_bucket_that_refuses(cloudtrail, store, s3, account):
    s3.create_bucket(Bucket=f"closed-{account}")
    ids = [
        ended(cloudtrail, cloudtrail.start_query(QueryStatement=f"SELECT 1 FROM {store}", DeliveryS3Uri=uri)["QueryId"])
        for uri in (f"s3://closed-{account}", f"s3://nowhere-{account}")
    ]
    told = [_delivered(cloudtrail, query_id) for query_id in ids]
    assert told == ["ACCESS_DENIED", "RESOURCE_NOT_FOUND"]


def _delivered(cloudtrail, query_id: str) -> str:
    for _ in range(200):
        status = cloudtrail.describe_query(QueryId=query_id)["DeliveryStatus"]
        if status != "PENDING":
            break
    return status


def test_another_account_queries_by_the_stores_policy(cloudtrail, store, client, account, shared_cloud):
    from tests.conftest import connect

    other = f"{int(account) + 1:012}"
    stranger = connect(shared_cloud, "cloudtrail", account=other)
    arn = cloudtrail.get_event_data_store(EventDataStore=store)["EventDataStoreArn"]
    asked = {"QueryStatement": f"SELECT count(*) AS n FROM {store}", "EventDataStoreOwnerAccountId": account}
    refused = refusal(stranger.start_query, **asked)
    cloudtrail.put_resource_policy(
        ResourceArn=arn,
        ResourcePolicy=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": other}, "Resource": arn,
                "Action": ["cloudtrail:StartQuery", "cloudtrail:GetQueryResults", "cloudtrail:DescribeQuery"],
            }],
        }),
    )  # fmt: skip
    query_id = ended(stranger, stranger.start_query(**asked)["QueryId"])

    assert refused == "AccessDeniedException"
    assert int(rows(stranger, query_id)[0]["n"]) > 0


def test_without_the_engine_queries_say_how_to_install_it(monkeypatch):
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotImplementedYet, match=r"pip install 'cumulet\[sql\]'"):
        engine.require()


def test_samples_are_found_and_run(cloudtrail, store):
    found = cloudtrail.search_sample_queries(SearchPhrase="root user")["SearchResults"]
    assert found[0]["Name"] == "Calls by the root user"
    assert cloudtrail.search_sample_queries(SearchPhrase="zzzz")["SearchResults"] == []
    for sample in samples.SAMPLES[:3]:
        query(cloudtrail, sample.sql.replace("$EDS_ID", store))


def test_generating_queries_is_refused_clearly(cloudtrail, store):
    assert refusal(cloudtrail.generate_query, EventDataStores=[store], Prompt="root sign-ins") == "NotImplemented"


def test_ids_are_found_where_they_are_names():
    one = "11111111-1111-4111-8111-111111111111"
    statement = f"SELECT '{one}' /* {one} */ FROM {one} -- {one}"
    assert queries.quoted(statement) == f"SELECT '{one}' /* {one} */ FROM \"{one}\" -- {one}"
    assert queries.names_in(statement) == [one]
    assert queries.quoted(f'FROM "{one}"') == f'FROM "{one}"'
