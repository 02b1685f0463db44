"""What the round trips through botocore do not show: errors, hostile bytes, lenience, and the forms of answers."""

import base64
import gzip
import json
import math
from datetime import UTC, datetime, timedelta, timezone

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cumulet.gateway import protocols
from cumulet.gateway.http import Request
from cumulet.gateway.protocols import MalformedInput, bindings, timestamps
from cumulet.kernel import models
from tests.gateway.wire import request_for, response_of

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def codec(service, operation, protocol=None):
    model = models.load(service)
    return protocols.codec(model, operation, protocol or model.protocols[0])


def parsed(service, operation, body=b"", protocol=None, **request):
    headers = request.pop("headers", {})
    path = request.pop("path", "/")
    query = request.pop("query", "")
    return codec(service, operation, protocol).parse(Request("POST", path, query, headers, body))


def refused(service, operation, body, protocol=None, **request):
    with pytest.raises(MalformedInput) as caught:
        parsed(service, operation, body, protocol, **request)
    return caught.value


def form(text):
    return {"body": text.encode(), "headers": {"content-type": FORM}}


class TestDetect:
    def test_services_of_one_protocol(self):
        assert protocols.detect(models.load("s3"), Request("GET", "/", "", {})) == "rest-xml"
        assert protocols.detect(models.load("ec2"), Request("POST", "/", "", {})) == "ec2"

    @pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
    def test_the_request_decides_where_a_service_speaks_several(self, protocol):
        request = request_for("cloudwatch", "ListMetrics", {}, protocol)
        assert protocols.detect(models.load("cloudwatch"), request) == protocol

    def test_sqs_still_takes_forms(self):
        request = Request("POST", "/", "", {"content-type": FORM}, b"Action=SendMessage&QueueUrl=q&MessageBody=m")
        model = models.load("sqs")
        assert protocols.detect(model, request) == "query"
        assert protocols.detect(model, Request("GET", "/1/q", "Action=ListQueues", {})) == "query"
        assert codec("sqs", "SendMessage", "query").parse(request) == {"QueueUrl": "q", "MessageBody": "m"}
        answer = codec("sqs", "SendMessage", "query").serialise({"MessageId": "i"}, "r")
        assert b"<SendMessageResult><MessageId>i</MessageId></SendMessageResult>" in answer.body

    def test_sqs_forms_have_names_of_their_own(self):
        text = (
            "Action=CreateQueue&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v"
        )
        assert parsed("sqs", "CreateQueue", protocol="query", **form(text)) == {
            "QueueName": "q",
            "Attributes": {"DelaySeconds": "5"},
            "tags": {"k": "v"},
        }
        text = (
            "QueueUrl=u&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=b"
            "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n"
            "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=s"
        )
        assert parsed("sqs", "SendMessageBatch", protocol="query", **form(text))["Entries"] == [
            {"Id": "a", "MessageBody": "b", "MessageAttributes": {"n": {"StringValue": "s"}}}
        ]
        message = {"MessageId": "i", "Attributes": {"SenderId": "s"}}
        answer = codec("sqs", "ReceiveMessage", "query").serialise({"Messages": [message, message]}, "r")
        one = b"<Message><MessageId>i</MessageId><Attribute><Name>SenderId</Name><Value>s</Value></Attribute></Message>"
        assert b"<ReceiveMessageResult>" + one * 2 + b"</ReceiveMessageResult>" in answer.body


class TestJson:
    def test_an_empty_body_and_null_are_an_empty_input(self):
        assert parsed("dynamodb", "ListTables", b"") == {}
        assert parsed("dynamodb", "ListTables", b"null") == {}

    def test_unknown_members_and_nulls_are_absent(self):
        assert parsed("dynamodb", "ListTables", b'{"Limit": 3, "Colour": 1, "ExclusiveStartTableName": null}') == {
            "Limit": 3
        }

    @pytest.mark.parametrize("moment", [b"1577934245.5", b'"2020-01-02T03:04:05.5Z"', b'"2020-01-02T04:04:05.5+01:00"'])
    def test_instants_in_any_spelling(self, moment):
        body = b'{"MetricName": "m", "Namespace": "n", "StartTime": ' + moment + b"}"
        found = parsed("cloudwatch", "GetMetricStatistics", body, "json")
        assert found["StartTime"] == datetime(2020, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)

    def test_a_whole_float_is_an_integer(self):
        assert parsed("dynamodb", "ListTables", b'{"Limit": 3.0}') == {"Limit": 3}

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"[]",
            b'"text"',
            b'{"Limit": "3"}',
            b'{"Limit": 3.5}',
            b'{"Limit": true}',
            b'{"Limit": 1e400}',
            b'{"Limit": 99999999999999999999999}',
            b'{"ExclusiveStartTableName": 1}',
            b'{"ExclusiveStartTableName": {}}',
            b'{"ExclusiveStartTableName": ["a"]}',
            b"\xff\xfe",
            b'{"ExclusiveStartTableName": "\\ud800"}',
            b"[" * 100_000,
            b'{"a":' * 100_000,
        ],
    )
    def test_what_is_not_the_model_is_a_serialization_error(self, body):
        assert refused("dynamodb", "ListTables", body).code == "SerializationException"

    @pytest.mark.parametrize("blob", [b'"@@@"', b"1", b'"abc"', b"{}"])
    def test_blobs_are_base64(self, blob):
        body = b'{"KeyId": "k", "Plaintext": ' + blob + b"}"
        assert refused("kms", "Encrypt", body).code == "SerializationException"

    def test_values_within_themselves_are_bounded(self):
        item = b'{"L":[' * 5000 + b"]}" * 5000
        assert refused("dynamodb", "PutItem", b'{"TableName":"t","Item":{"a":' + item + b"}}")

    def test_what_is_not_finite_has_a_name(self):
        output = {"Datapoints": [{"Average": math.inf}, {"Average": -math.inf}]}
        answer = codec("cloudwatch", "GetMetricStatistics", "json").serialise(output)
        assert json.loads(answer.body) == {"Datapoints": [{"Average": "Infinity"}, {"Average": "-Infinity"}]}
        assert math.isnan(
            parsed("cloudwatch", "PutMetricData", b'{"MetricData": [{"Value": "NaN"}]}', "json")["MetricData"][0][
                "Value"
            ]
        )

    def test_an_operation_without_output_answers_no_bytes(self):
        answer = codec("sqs", "DeleteMessage").serialise({}, "r-1")
        assert answer.body == b""
        assert ("x-amzn-RequestId", "r-1") in answer.headers

    def test_none_is_absent_and_a_stranger_is_a_bug(self):
        serialise = codec("sqs", "SendMessage").serialise
        assert json.loads(serialise({"MessageId": "i", "SequenceNumber": None}).body) == {"MessageId": "i"}
        with pytest.raises(AssertionError, match="no member Colour"):
            serialise({"Colour": "blue"})


class TestForms:
    def test_numbers_and_lists_in_any_order(self):
        text = "Action=DescribeInstances&InstanceId.10=c&InstanceId.2=b&InstanceId.1=a&MaxResults=5&DryRun=true"
        assert parsed("ec2", "DescribeInstances", **form(text)) == {
            "InstanceIds": ["a", "b", "c"],
            "MaxResults": 5,
            "DryRun": True,
        }

    def test_an_enormous_index_costs_nothing(self):
        assert parsed("ec2", "DescribeInstances", **form("InstanceId.999999999=a&InstanceId.7=b")) == {
            "InstanceIds": ["b", "a"]
        }

    def test_a_list_without_items_is_empty(self):
        assert parsed("iam", "TagRole", **form("RoleName=r&Tags=")) == {"RoleName": "r", "Tags": []}

    def test_lists_may_be_called_member(self):
        named = form("DBInstanceIdentifier=d&VpcSecurityGroupIds.VpcSecurityGroupId.1=a")
        member = form("DBInstanceIdentifier=d&VpcSecurityGroupIds.member.1=a")
        assert parsed("rds", "ModifyDBInstance", **named) == parsed("rds", "ModifyDBInstance", **member)

    def test_the_query_string_counts_too(self):
        assert parsed("sts", "AssumeRole", query="Action=AssumeRole&RoleArn=a%20b&RoleSessionName=s+t") == {
            "RoleArn": "a b",
            "RoleSessionName": "s t",
        }

    @pytest.mark.parametrize(
        "text",
        [
            "InstanceId.x=a",
            "InstanceId.-1=a",
            "InstanceId.1234567890=a",
            "InstanceId.²=a",
            "MaxResults=five",
            "MaxResults=1_0",
            "MaxResults=" + "9" * 30,
            "DryRun=maybe",
            "Filter.1=a",
            "InstanceId.1.2=a",
            "InstanceId.1=%ff",
            ".".join(["Filter"] * 200) + "=a",
            "&".join(f"InstanceId.{i}=a" for i in range(10_001)),
            "&".join(["a=b"] * 20_001),
            "&".join(f"a{i}." + "b." * 30 + "c=d" for i in range(9000)),
        ],
    )
    def test_what_is_not_the_model_is_malformed(self, text):
        assert refused("ec2", "DescribeInstances", text.encode(), headers={"content-type": FORM}).status == 400


class TestXml:
    PATH = "/bucket"

    def parse(self, body):
        return parsed("s3", "PutBucketTagging", body, path="/bucket", query="tagging")

    def test_namespaces_and_strangers_do_not_matter(self):
        body = (
            b'<x:Tagging xmlns:x="u"><x:TagSet><x:Tag><x:Key>k</x:Key><x:Value/></x:Tag></x:TagSet><x:Y/></x:Tagging>'
        )
        assert self.parse(body) == {"Bucket": "bucket", "Tagging": {"TagSet": [{"Key": "k", "Value": ""}]}}

    @pytest.mark.parametrize(
        "body",
        [
            b"<Tagging>",
            b"not xml",
            b"<a></b>",
            b"<Tagging/><Tagging/>",
            b'<!DOCTYPE x [<!ENTITY a "b">]><Tagging>&a;</Tagging>',
            b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><Tagging/>',
            b"<Tagging>&undefined;</Tagging>",
            b"<a>" * 101 + b"</a>" * 101,
            b"<a>" * 200_000,
            b"\xff\xfe\x00",
        ],
    )
    def test_what_is_not_plain_xml_is_malformed(self, body):
        assert refused("s3", "PutBucketTagging", body, path="/bucket").code == "MalformedXML"

    def test_text_is_escaped(self):
        answer = codec("s3", "ListObjectsV2").serialise({"Prefix": 'a<&>"\x01\r'})
        assert b"<Prefix>a&lt;&amp;&gt;&quot;&#x1;&#xd;</Prefix>" in answer.body

    def test_roots_are_what_s3_calls_them(self):
        answer = codec("s3", "ListBuckets").serialise({"Buckets": []})
        start = b'<?xml version="1.0" encoding="UTF-8"?>\n<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        assert answer.body.startswith(start)

    def test_s3_and_ec2_always_write_milliseconds(self):
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        answer = codec("s3", "ListBuckets").serialise({"Buckets": [{"Name": "b", "CreationDate": moment}]})
        assert b"<CreationDate>2026-01-02T03:04:05.000Z</CreationDate>" in answer.body


class TestRest:
    def test_labels_come_from_the_caller_or_the_path(self):
        get = codec("s3", "GetObject")
        request = Request("GET", "/bucket/a%2Fb//c%20d", "partNumber=3", {"range": "bytes=0-1"})
        expected = {"Bucket": "bucket", "Key": "a/b//c d", "PartNumber": 3, "Range": "bytes=0-1"}
        assert get.parse(request) == expected
        assert get.parse(request, {"Bucket": "bucket", "Key": "a/b//c d"}) == expected

    def test_a_streaming_body_is_handed_on_untouched(self):
        async def body():
            yield b"chunk"

        stream = body()
        request = Request("PUT", "/bucket/key", "", {}, stream)
        assert codec("s3", "PutObject").parse(request)["Body"] is stream

    def test_a_stream_where_a_document_was_expected(self):
        async def body():
            yield b"chunk"

        request = Request("PUT", "/bucket", "tagging", {}, body())
        with pytest.raises(MalformedInput):
            codec("s3", "PutBucketTagging").parse(request)

    @pytest.mark.parametrize("text", ["0", "never", "Tomorrow, at noon", "2030-01-01T00:00:00Z"])
    def test_s3_keeps_any_text_as_the_time_of_expiry(self, text):
        params = codec("s3", "PutObject").parse(Request("PUT", "/bucket/key", "", {"expires": text}))
        assert params["Expires"] == text
        assert ("Expires", text) in codec("s3", "GetObject").serialise({"Expires": text}).headers

    @pytest.mark.parametrize("query", ["partNumber=x", "partNumber=%ff", "partNumber=" + "1" * 99])
    def test_what_is_not_the_model_is_malformed(self, query):
        with pytest.raises(MalformedInput):
            codec("s3", "GetObject").parse(Request("GET", "/bucket/key", query, {}))

    @pytest.mark.parametrize(
        ("text", "items"),
        [
            ("a, b", ["a", "b"]),
            ('"a,b", c', ["a,b", "c"]),
            ('"a\\"b"', ['a"b']),
            ('a, "b', None),
            ("", [""]),
        ],
    )
    def test_lists_in_headers(self, text, items):
        if items is None:
            assert bindings.split_list(text) == ["a", '"b']
        else:
            assert bindings.split_list(text) == items

    def test_a_header_cannot_start_another(self):
        answer = codec("s3", "GetObject").serialise({"ContentType": "a\r\nSet-Cookie: b", "Metadata": {"k": "v\nw"}})
        assert not any("\n" in value or "\r" in value for _, value in answer.headers)

    def test_status_members_and_streams(self):
        answer = codec("lambda", "Invoke").serialise({"StatusCode": 202, "Payload": b"x"})
        assert (answer.status, answer.body) == (202, b"x")
        assert codec("lambda", "DeleteFunctionConcurrency").serialise({}).status == 204


class TestCbor:
    def test_members_of_another_kind_are_refused(self):
        assert refused("cloudwatch", "ListMetrics", cbor2.dumps({"Namespace": 1})).code == "SerializationException"

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff",
            b"\xa1",
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
            b"\x81" * 200 + b"\x00",
            b"\x81" * 100_000,
            cbor2.dumps([]),
            cbor2.dumps("text"),
            cbor2.dumps({"Namespace": cbor2.CBORTag(35, "a+")}),
            cbor2.dumps({"Namespace": cbor2.CBORTag(2, b"\xff" * 100)}),
            cbor2.dumps({"Namespace": cbor2.CBORTag(1, "soon")}),
            cbor2.dumps({1: 2}) + b"\x00",
        ],
    )
    def test_what_is_not_the_protocol_is_a_serialization_error(self, body):
        try:
            found = parsed("cloudwatch", "ListMetrics", body)
        except MalformedInput as error:
            assert error.code == "SerializationException"
        else:
            assert found == {}

    def test_large_metrics_come_compressed(self):
        data = {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.5}]}
        request = request_for("cloudwatch", "PutMetricData", data)
        request.headers["content-encoding"] = "gzip"
        request.body = gzip.compress(request.body)
        assert codec("cloudwatch", "PutMetricData").parse(request) == data

    @pytest.mark.parametrize(
        "body", [b"not gzip", gzip.compress(b"\x00" * 60_000_000, mtime=0), gzip.compress(b"ab", mtime=0)[:-9]]
    )
    def test_compression_is_bounded_and_checked(self, body):
        headers = {"content-encoding": "gzip"}
        assert refused("cloudwatch", "PutMetricData", body, headers=headers).code == "SerializationException"


class TestErrors:
    def test_json_tells_the_full_name_and_the_older_code(self):
        answer = codec("sqs", "SendMessage").error("QueueDoesNotExist", "Gone.", request_id="r")
        assert answer.status == 400
        assert json.loads(answer.body) == {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "Gone."}
        assert ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender") in answer.headers
        error = response_of("sqs", "SendMessage", answer, answer.body)["Error"]
        assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"

    def test_the_same_error_as_a_form_is_answered_in_xml(self):
        answer = codec("sqs", "SendMessage", "query").error("QueueDoesNotExist", "<Gone>", request_id="r")
        error = response_of("sqs", "SendMessage", answer, answer.body, "query")
        assert error["Error"] == {
            "Type": "Sender",
            "Code": "AWS.SimpleQueueService.NonExistentQueue",
            "Message": "<Gone>",
        }
        assert error["ResponseMetadata"]["RequestId"] == "r"

    def test_dynamodb_dates_its_names(self):
        answer = codec("dynamodb", "GetItem").error("ResourceNotFoundException", "m")
        assert json.loads(answer.body)["__type"] == "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"

    def test_members_of_an_error_travel_with_it(self):
        reasons = [{"Code": "ConditionalCheckFailed", "Item": {"a": {"B": b"x"}}}]
        answer = codec("dynamodb", "TransactWriteItems").error(
            "TransactionCanceledException", "m", members={"CancellationReasons": reasons}
        )
        body = json.loads(answer.body)
        assert body["CancellationReasons"] == [{"Code": "ConditionalCheckFailed", "Item": {"a": {"B": "eA=="}}}]
        assert body["Message"] == "m"

    def test_rest_json_names_the_error_in_a_header(self):
        answer = codec("lambda", "GetFunction").error(
            "TooManyRequestsException", "Slow.", members={"retryAfterSeconds": "3", "Type": "User"}
        )
        assert answer.status == 429
        assert ("x-amzn-ErrorType", "TooManyRequestsException") in answer.headers
        assert ("Retry-After", "3") in answer.headers
        assert json.loads(answer.body) == {"message": "Slow.", "Type": "User"}

    def test_s3_has_no_wrapper_and_names_the_request_in_the_body(self):
        answer = codec("s3", "GetObject").error("NoSuchKey", "None.", request_id="r", members={"Key": "a&b"})
        assert answer.status == 404
        assert (
            b"<Error><Code>NoSuchKey</Code><Message>None.</Message><Key>a&amp;b</Key><RequestId>r</RequestId>"
            in answer.body
        )
        parsed_error = response_of("s3", "GetObject", answer, answer.body)
        assert parsed_error["ResponseMetadata"]["RequestId"] == "r"

    def test_head_has_no_body(self):
        answer = codec("s3", "HeadObject").error("NoSuchKey", "None.", 404)
        assert (answer.status, answer.body) == (404, b"")

    def test_ec2_lists_its_errors(self):
        answer = codec("ec2", "DescribeInstances").error("InvalidInstanceID.NotFound", "No.", request_id="r")
        error = response_of("ec2", "DescribeInstances", answer, answer.body)
        assert error["Error"] == {"Code": "InvalidInstanceID.NotFound", "Message": "No."}
        assert error["ResponseMetadata"]["RequestId"] == "r"

    def test_an_unknown_code_is_the_senders_fault_unless_the_status_says_otherwise(self):
        assert codec("iam", "GetRole").error("Odd", "m").status == 400
        answer = codec("iam", "GetRole").error("Odd", "m", 503)
        assert b"<Type>Receiver</Type>" in answer.body

    @pytest.mark.parametrize("protocol", protocols.PROTOCOLS)
    def test_an_error_can_be_told_before_any_operation_is_known(self, protocol):
        service = {"ec2": "ec2", "rest-json": "lambda", "rest-xml": "s3"}.get(protocol, "cloudwatch")
        answer = protocols.error_writer(models.load(service), protocol)("AccessDenied", "No.", 403, "r")
        assert answer.status == 403
        assert b"AccessDenied" in answer.body or ("x-amzn-ErrorType", "AccessDenied") in answer.headers


class TestTimestamps:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2020-01-02T03:04:05Z", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
            ("2020-01-02T03:04:05.123Z", datetime(2020, 1, 2, 3, 4, 5, 123000, tzinfo=UTC)),
            ("2020-01-02T03:04:05-01:30", datetime(2020, 1, 2, 4, 34, 5, tzinfo=UTC)),
            ("2020-01-02", datetime(2020, 1, 2, tzinfo=UTC)),
            ("Thu, 02 Jan 2020 03:04:05 GMT", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
            ("Thu, 02 Jan 2020 03:04:05.25 GMT", datetime(2020, 1, 2, 3, 4, 5, 250000, tzinfo=UTC)),
            ("Thursday, 02-Jan-20 03:04:05 GMT", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
            ("1577934245", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
            ("1577934245.5", datetime(2020, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)),
            ("-1", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ],
    )
    def test_spellings(self, text, moment):
        assert timestamps.parse(text) == moment

    @pytest.mark.parametrize(
        "value",
        ["", "soon", "1e99", "9" * 20, 10**30, 1e300, math.nan, math.inf, True, None, [], "2020-13-01", "0" * 99],
    )
    def test_what_is_no_instant(self, value):
        with pytest.raises(ValueError):
            timestamps.parse(value)

    def test_writers(self):
        moment = datetime(2020, 1, 2, 3, 4, 5, 120000, tzinfo=timezone(timedelta(hours=1)))
        assert timestamps.writer("iso8601")(moment) == "2020-01-02T02:04:05.120Z"
        assert timestamps.writer("rfc822")(moment) == "Thu, 02 Jan 2020 02:04:05 GMT"
        assert timestamps.writer("unixTimestamp")(moment) == 1577930645.12
        assert timestamps.writer("unixTimestamp")(datetime(2020, 1, 2)) == 1577923200


@given(st.binary(max_size=200))
def test_no_bytes_are_more_than_malformed(body):
    for service, operation, protocol in (
        ("dynamodb", "PutItem", "json"),
        ("cloudwatch", "PutMetricData", "smithy-rpc-v2-cbor"),
        ("ec2", "RunInstances", "ec2"),
        ("iam", "CreateRole", "query"),
        ("s3", "DeleteObjects", "rest-xml"),
        ("lambda", "CreateFunction", "rest-json"),
    ):
        request = Request("POST", "/bucket", base64.urlsafe_b64encode(body).decode(), {}, body)
        try:
            assert isinstance(codec(service, operation, protocol).parse(request, {"Bucket": "b"}), dict)
        except MalformedInput as error:
            assert error.status == 400
