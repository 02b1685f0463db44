"""Harmed requests of the kinds that no model describes: browser forms, presigned URLs, queries, preflights."""

from __future__ import annotations

import random
import time
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.fuzz import forms, mutations, seeds
from tests.fuzz.raw import Raw
from tests.fuzz.target import ATTACKER, OWNER, SECONDS, SEED

_FIELDS = {
    b"Content-Type": b"text/plain", b"x-amz-meta-a": b"b", b"x-amz-meta-b": b"c", b"success_action_status": b"201",
    b"success_action_redirect": b"http://a/b", b"Expires": b"x", b"Cache-Control": b"x", b"acl": b"private",
    b"tagging": b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
}  # fmt: skip


def _post_form(target, pick: random.Random) -> Raw:
    """A browser's upload; its fields are harmed here, since a harmed frame hides them all."""
    fields = {b"key": b"form/${filename}"} | {n: value for n, value in _FIELDS.items() if pick.random() < 0.4}
    fields = forms.allowed(fields)
    harmed = pick.choice(list(fields))
    if harmed == b"policy":
        fields[harmed] = forms.encoded(mutations.harmed_json(forms.policy(list(fields)), pick))
    else:
        fields[harmed] = pick.choice((mutations.odd(pick), b"a\r\nSet-Cookie: b=c", "\u2603".encode()))
    return forms.upload(target.bucket, fields, pick.choice((b"f", b"a\r\nb", b'\\"', b"../x", b"\xff", b"")))


def _presigned(target, pick: random.Random) -> Raw:
    s3 = target.process.client("s3", account=ATTACKER)
    method = pick.choice(("get_object", "put_object"))
    url = urlsplit(s3.generate_presigned_url(method, Params={"Bucket": target.bucket, "Key": "a.txt"}))
    return Raw(b"GET" if method == "get_object" else b"PUT", f"{url.path}?{url.query}".encode(), name="presigned")


def _query(target, pick: random.Random) -> Raw:
    """SQS as clients of before 2023 speak it."""
    fields = {"Action": "SendMessage", "Version": "2012-11-05", "QueueUrl": target.queue, "MessageBody": "hello",
              "MessageAttribute.1.Name": "a", "MessageAttribute.1.Value.DataType": "String",
              "MessageAttribute.1.Value.StringValue": "b", "DelaySeconds": "0"}  # fmt: skip
    name = pick.choice(list(fields))
    harms = (
        lambda: {**fields, name: mutations.odd(pick)},
        lambda: {**fields, name.replace(".1", "." + pick.choice(("0", "99999999", "-1", "x", "9" * 300))): "v"},
        lambda: {**fields, **{f"MessageAttribute.{n}.Name": "a" for n in range(1, 2000)}},
        lambda: {
            **fields,
            "Action": pick.choice(("CreateQueue", "ReceiveMessage", "ListQueues", "GetQueueAttributes", "Nothing")),
        },
        lambda: {key: value for key, value in fields.items() if key != name},
    )
    form = urlencode(pick.choice(harms)()).encode()
    raw = Raw(b"POST", pick.choice((b"/", urlsplit(target.queue).path.encode(), b"/1/2/3")), name="SQS form")
    raw.headers = [(b"Content-Type", b"application/x-www-form-urlencoded; charset=utf-8")]
    raw.headers = seeds.signed(raw, "sqs", ATTACKER)
    if pick.random() < 0.3:
        return Raw(b"GET", raw.target + b"?" + form, raw.headers, name="SQS query")
    raw.body = form
    return raw


def _preflight(target, pick: random.Random) -> Raw:
    path = pick.choice((f"/{target.bucket}/a.txt", "/", f"/{target.bucket}", "/none/x")).encode()
    headers = [(b"Origin", pick.choice((b"http://a.b", b"null", mutations.in_header(mutations.odd(pick))))),
               (b"Access-Control-Request-Method", pick.choice((b"PUT", b"x" * 300, b""))),
               (b"Access-Control-Request-Headers", pick.choice((b"x-a", b"," * 500, b"\xff")))]  # fmt: skip
    return Raw(b"OPTIONS", path, headers, name="preflight")


def _by_host(target, pick: random.Random) -> Raw:
    """Buckets, services and Regions in the Host."""
    names = (f"{target.bucket}.s3.localhost", f"{target.bucket}.s3.eu-west-1.amazonaws.com",
    "sqs.us-east-1.amazonaws.com",
             f"{target.bucket}.s3-website.localhost", "s3.localhost.localstack.cloud:99999", "a..b.s3.localhost",
             "s3", ".", "..",
             "x" * 5000, f"{target.bucket.upper()}.S3.LOCALHOST", "abc.execute-api.us-east-1.amazonaws.com", "[::1]:80",
             "\xe9.s3.localhost", "*.s3.localhost", "%00.s3.localhost",
             "123456789012.s3-control.us-east-1.amazonaws.com",
             "lambda.us-east-1.localhost.localstack.cloud", "dynamodb.localhost", "xn--a.s3.localhost")  # fmt: skip
    raw = Raw(
        b"GET",
        pick.choice((b"/", b"/a.txt", b"/?list-type=2", b"//", b"/" + quote(mutations.odd(pick)).encode())),
        name="host",
    )
    raw.headers = [(b"Host", pick.choice(names).encode("latin-1"))]
    return raw


DOORS = {"form": _post_form, "presigned": _presigned, "query": _query, "preflight": _preflight, "host": _by_host}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_leads_to_a_bug(target, wire, door):
    before = target.state(OWNER)
    until = time.monotonic() + SECONDS / 3
    number = 0
    while time.monotonic() < until:
        pick = random.Random(f"{SEED}.{door}.{number}")
        request = DOORS[door](target, pick)
        if pick.random() < 0.5:
            request = mutations.mutated(request, pick)
        target.check(request, wire.send(request))
        number += 1
    _read_everything(target, wire)
    assert target.state(OWNER) == before


def _read_everything(target, wire) -> None:
    """What was stored has to be readable: an odd value may only do harm on its way out."""
    s3 = target.process.client("s3", account=ATTACKER)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=target.bucket, PaginationConfig={"MaxItems": 300}):
        for listed in page.get("Contents", []):
            request = Raw(
                b"GET", quote(f"/{target.bucket}/{listed['Key']}").encode(), name=f"reading {listed['Key']!r}"
            )
            request.headers = seeds.signed(request, "s3", ATTACKER)
            heard = wire.send(request)
            target.check(request, heard)
            assert heard.status in (200, 403), (listed, heard)
