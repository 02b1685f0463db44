"""Message attributes: what can be sent, how it is digested, what is shown."""

from __future__ import annotations

import hashlib
import struct

import pytest

from cumulet.services.sqs import payload
from cumulet.services.sqs.errors import InvalidMessageContents, InvalidParameterValue
from tests.sqs.test_queues import refusal


def text(value: str, kind: str = "String") -> dict:
    return {"DataType": kind, "StringValue": value}


@pytest.mark.spec("integration:SQS-16")
def test_attributes_travel_beside_the_body(sqs, url):
    attributes = {
        "when": text("1700000000", "Number.seconds"),
        "who": text("Zoë"),
        "where": {"DataType": "Binary.geo", "BinaryValue": bytes(range(256))},
    }
    sent = sqs.send_message(QueueUrl=url, MessageBody="a", MessageAttributes=attributes)
    received = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
    assert received["MessageAttributes"] == attributes
    assert received["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]


def test_the_digest_is_the_one_that_aws_computes():
    assert payload.attributes_digest({"MyAttribute": text("foobar")}) == "adb59cd4678ea5a855436b949cd07ab6"
    assert payload.attributes_digest({"Foo": text("Bar")}) == "ae7155c6026991b6d54b11589678bf9c"
    traced = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
    binary = {"attr1": {"DataType": "Binary", "BinaryValue": traced}}
    assert payload.attributes_digest(binary) == "8cbe4db156db8a94db8b801b7addb984"
    several = {"Hello": text("There"), "General": text("Kenobi"), "Help.Me": text("Me")}
    assert payload.attributes_digest(several) == "4c360f3fdafd970e05fae2f149d997f5"
    parts = [struct.pack(">I", 1) + b"n", struct.pack(">I", 8) + b"Number.a", b"\1", struct.pack(">I", 1) + b"7"]
    assert payload.attributes_digest({"n": text("7", "Number.a")}) == hashlib.md5(b"".join(parts)).hexdigest()


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], []),
        (["All"], ["General", "Hello", "Help.Me"]),
        ([".*"], ["General", "Hello", "Help.Me"]),
        (["Hel.*"], ["Hello", "Help.Me"]),
        (["Hello", "Nothing"], ["Hello"]),
        (["Nothing"], []),
        (["AWS."], []),
        (["..foo"], []),
    ],
)
def test_a_receiver_names_what_it_wants(sqs, url, names, shown):
    several = {"Hello": text("There"), "General": text("Kenobi"), "Help.Me": text("Me")}
    sqs.send_message(QueueUrl=url, MessageBody="msg", MessageAttributes=several)
    received = sqs.receive_message(QueueUrl=url, MessageAttributeNames=names)["Messages"][0]
    assert sorted(received.get("MessageAttributes", {})) == shown
    expected = payload.attributes_digest({name: several[name] for name in shown}) if shown else None
    assert received.get("MD5OfMessageAttributes") == expected


@pytest.mark.parametrize("name", ["", "a b", ".a", "a.", "a..b", "ä", "a" * 257, "AWS.a", "amazon.x", "a/b"])
def test_names_that_are_refused(name):
    with pytest.raises(InvalidParameterValue, match="attribute name"):
        payload.check_attributes({name: text("v")})


@pytest.mark.parametrize("number", ["0", "-1", "+1.5e10", "1" * 38, "1e-128", "-9.9e125", "0.0001"])
def test_numbers(number):
    payload.check_attributes({"n": text(number, "Number")})


@pytest.mark.parametrize(
    "number", ["x", "1_0", "NaN", "Infinity", "1" * 39, "1e127", "1e-129", "0x1", "٣", "9" * 10_000]
)
def test_no_numbers(number):
    with pytest.raises(InvalidParameterValue, match=r"Can't cast the value of message \(user\) attribute 'n'"):
        payload.check_attributes({"n": text(number, "Number")})


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        (text("v", ""), "must contain non-empty message attribute type"),
        (text("v", "Text"), "invalid message attribute type, the set of supported type prefixes"),
        (text("v", "string"), "invalid message attribute type"),
        (text(""), "must contain non-empty message attribute value for message attribute type 'String'"),
        ({"DataType": "Binary", "StringValue": "v"}, "non-empty message attribute value"),
        ({"DataType": "String", "StringListValues": ["v"]}, "list values in SendMessage operation are not supported"),
    ],
)
def test_attributes_that_are_refused(sqs, url, attribute, words):
    answer = refusal(sqs.send_message, QueueUrl=url, MessageBody="a", MessageAttributes={"n": attribute})
    assert answer[0] == "InvalidParameterValue"
    assert words in answer[1]


def test_a_value_has_only_characters_of_xml():
    with pytest.raises(InvalidMessageContents):
        payload.check_attributes({"n": text("a\0")})


def test_at_most_ten():
    payload.check_attributes({str(n): text("v") for n in range(10)})
    with pytest.raises(InvalidParameterValue, match=r"\[11\] exceeds the allowed maximum \[10\]"):
        payload.check_attributes({str(n): text("v") for n in range(11)})
