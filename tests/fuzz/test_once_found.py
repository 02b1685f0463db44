"""What fuzzing found once, each as it was sent."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.fuzz import forms, seeds
from tests.fuzz.raw import Raw
from tests.fuzz.target import ATTACKER


def signed(service: str, raw: Raw) -> Raw:
    raw.headers = seeds.signed(raw, service, ATTACKER)
    return raw


def sqs_call(operation: str, **parameters) -> Raw:
    headers = [(b"X-Amz-Target", f"AmazonSQS.{operation}".encode()), (b"Content-Type", b"application/x-amz-json-1.0")]
    return signed("sqs", Raw(b"POST", b"/", headers, json.dumps(parameters).encode()))


def test_an_encoding_that_nobody_knows_is_malformed_xml(target, wire):
    body = b'<?xml version="1.0" encoding="nonsense"?><Tagging><TagSet/></Tagging>'
    heard = wire.send(signed("s3", Raw(b"PUT", f"/{target.bucket}?tagging".encode(), body=body)))
    assert (heard.status, b"<Code>MalformedXML</Code>" in heard.body) == (400, True)


@pytest.mark.parametrize("host", [b"[", b"]]>", b"[]", b"[::1", b"[x]:80", b"x]"])
def test_a_host_that_is_no_name_gives_no_trust(wire, host):
    request = signed("s3", Raw(b"GET", b"/", [(b"Host", host)]))
    assert wire.send(request).status in (400, 403)


def test_a_batch_entry_with_an_attribute_without_value_fails_alone(target, wire):
    entry = {"Id": "bad", "MessageBody": "x", "MessageAttributes": {"a": {"DataType": "String"}}}
    good = {"Id": "good", "MessageBody": "x"}
    heard = wire.send(sqs_call("SendMessageBatch", QueueUrl=target.queue, Entries=[entry, good]))
    answer = json.loads(heard.body)
    assert [failed["Id"] for failed in answer["Failed"]] == ["bad"]
    assert [sent["Id"] for sent in answer["Successful"]] == ["good"]


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b=c", "a\nb", "\u2603", "a\0b", "\x7f", "\x1b[1m", "a\tb"])
def test_what_a_form_stores_as_a_header_cannot_break_an_answer(target, wire, value):
    """A browser's form may hold line ends where headers cannot."""
    name = f"odd{value!r}"
    odd = value.encode()
    fields = {b"key": name.encode(), b"Content-Type": odd, b"x-amz-meta-a": odd, b"Cache-Control": odd}
    heard = wire.send(forms.upload(target.bucket, forms.allowed(fields)))
    assert heard.status in (204, 400)
    if heard.status == 204:
        path = quote(f"/{target.bucket}/{name}").encode()
        read = wire.send(signed("s3", Raw(b"GET", path)))
        target.check(Raw(name="reading it"), read)
        assert (read.status, read.body) == (200, b"content")


@pytest.mark.parametrize("name", ["a b", "a:b", "a\r\nb", "\u2603", "", "a\0", "(x)", "=", "A" * 1500])
def test_what_a_form_stores_as_the_name_of_a_header_cannot_either(target, wire, name):
    key = f"named{name!r}".encode()[:200]
    fields = {b"key": key, b"x-amz-meta-" + name.encode(): b"v"}
    heard = wire.send(forms.upload(target.bucket, forms.allowed(fields)))
    assert heard.status in (204, 400, 403)
    if heard.status == 204:
        read = wire.send(signed("s3", Raw(b"GET", f"/{target.bucket}/".encode() + quote(key).encode())))
        target.check(Raw(name="reading it"), read)
        assert (read.status, read.body) == (200, b"content")


def test_an_override_cannot_split_an_answer(target, wire):
    query = "response-content-disposition=a%0d%0aSet-Cookie:%20b=c&response-content-type=%00&response-expires=%E2%98%83"
    request = signed("s3", Raw(b"GET", f"/{target.bucket}/a.txt?{query}".encode(), name="overrides"))
    heard = wire.send(request)
    target.check(request, heard)
    assert heard.status in (200, 400)


@pytest.mark.parametrize(
    "key",
    [
        "%00",
        "%01",
        "a%0d%0ab",
        "%EF%BF%BE",
        "%F0%9F%92%A9",
        "..",
        ".",
        "../..",
        "%2e%2e%2fx",
        "%7f",
        "+",
        "%25",
        "a//b",
        "//",
    ],
)
def test_an_odd_key_is_refused_or_listed(target, wire, key):
    """XML 1.0 cannot hold every character of a key, so whoever lists asks for encoding-type=url."""
    heard = wire.send(signed("s3", Raw(b"PUT", f"/{target.bucket}/{key}".encode(), body=b"odd")))
    assert heard.status in (200, 400)
    for query in ("list-type=2", "list-type=2&encoding-type=url", "versions"):
        listed = wire.send(signed("s3", Raw(b"GET", f"/{target.bucket}?{query}".encode())))
        assert listed.status == 200
    assert wire.send(signed("s3", Raw(b"DELETE", f"/{target.bucket}/{key}".encode()))).status in (204, 400)


@pytest.mark.parametrize("key", ["%FF", "%C3", "%ED%A0%80", "%zz%FF"])
def test_a_key_that_is_not_utf8_is_refused(target, wire, key):
    assert wire.send(signed("s3", Raw(b"PUT", f"/{target.bucket}/{key}".encode(), body=b"x"))).status == 400


@pytest.mark.parametrize("number", ["1e400", "-1e400", str(2**70), "1.5", "NaN", "true", '"1"', "null", "[]"])
def test_a_number_out_of_every_range_is_refused(target, wire, number):
    raw = sqs_call("ReceiveMessage", QueueUrl=target.queue)
    raw.body = raw.body[:-1] + b', "VisibilityTimeout": ' + number.encode() + b"}"
    assert wire.send(raw).status in (200, 400)


@pytest.mark.parametrize(
    "query",
    ["max-keys=" + "9" * 400, "max-keys=%D9%A3", "continuation-token=%00", "start-after=%ff", "prefix=%ed%a0%80"],
)
def test_an_odd_query_of_a_listing_is_refused_or_read(target, wire, query):
    heard = wire.send(signed("s3", Raw(b"GET", f"/{target.bucket}?list-type=2&{query}".encode())))
    assert heard.status in (200, 400)


def test_half_of_a_surrogate_pair_is_no_message(target, wire):
    raw = sqs_call("SendMessage", QueueUrl=target.queue, MessageBody="\ud800")
    assert wire.send(raw).status == 400
