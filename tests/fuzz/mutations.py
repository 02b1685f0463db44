"""Small harms to good requests: each takes a request and chance, and gives a worse one."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote_from_bytes

from tests.fuzz.raw import Raw

Mutation = Callable[[Raw, random.Random], Raw]

NUMBERS = (
    b"0", b"-1", b"1", b"2147483648", b"-2147483649", b"9223372036854775807", b"9223372036854775808",
    b"-9223372036854775809", b"18446744073709551616", b"1" * 400, b"1e400", b"-0", b"0.1", b"NaN", b"Infinity",
    b"-Infinity", b"1_000", b"+1", b" 1", b"0x10", b"\xd9\xa3",
)  # fmt: skip
TEXTS = (
    b"", b" ", b"\x00", b"\x01", b"\x7f", b"\x85", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9",
    "\u2028".encode(), "\ufffe".encode(), b"..", b"../../etc/passwd", b"/", b"//", b"%", b"%zz", b"%00",
    b"%0d%0aSet-Cookie: a=b",
    b"a\tb", b"*", b"null", b"true", b"{}", b"[]", b"<a/>", b"&amp;", b"&x;", b"]]>", b"'", b'"', b"\\",
    b"arn:aws:s3:::",
    b"arn:aws:sqs:us-east-1:000000000000:q", b"bytes=0-", b"bytes=9-1", b"bytes=-0",
    b"bytes=18446744073709551616-18446744073709551617", b"bytes=" + b"0-1," * 300, b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59Z", b"2024-02-30T00:00:00Z", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59",
    b"Thu, 01 Jan 0001 00:00:00 GMT", b"Fri, 31 Dec 99999 23:59:59 GMT", b"Mon, 99 Foo 2020 99:99:99 +9999999999",
    b"x" * 300, b"x" * 2000, b"a=b&c=d", b"a=" * 50, b"=?utf-8?q?a?=", b"AAAA", b"=====", b"aws:kms", b"AES256",
    b"1.1.1.1", b"xn--a", b"[::1", b"[", b"]:80", b"host:port:more",
)  # fmt: skip
_HEADERS = (
    b"range", b"x-amz-copy-source", b"x-amz-copy-source-range", b"if-match", b"if-none-match", b"if-modified-since",
    b"x-amz-copy-source-if-modified-since", b"content-md5", b"x-amz-checksum-crc32", b"x-amz-checksum-sha256",
    b"x-amz-sdk-checksum-algorithm", b"x-amz-content-sha256", b"x-amz-decoded-content-length", b"x-amz-trailer",
    b"content-encoding", b"content-type", b"x-amz-tagging", b"x-amz-acl", b"x-amz-grant-read", b"x-amz-meta-",
    b"x-amz-meta-a", b"x-amz-storage-class", b"x-amz-object-lock-mode", b"x-amz-object-lock-retain-until-date",
    b"x-amz-server-side-encryption", b"x-amz-server-side-encryption-customer-key", b"x-amz-date", b"date", b"expires",
    b"x-amz-server-side-encryption-customer-algorithm", b"x-amz-server-side-encryption-customer-key-md5",
    b"x-amz-server-side-encryption-context", b"x-amz-website-redirect-location", b"authorization", b"host", b"origin",
    b"x-amz-target", b"smithy-protocol", b"x-amz-query-mode", b"access-control-request-method", b"cache-control",
    b"access-control-request-headers", b"x-amz-expected-bucket-owner", b"x-amz-bypass-governance-retention",
    b"x-amz-mfa", b"x-amz-request-payer", b"x-amz-security-token", b"x-amz-user-agent", b"cookie", b"expect", b"te",
    b"accept-encoding", b"upgrade", b"connection", b"x-forwarded-for", b"x-amz-write-offset-bytes",
    b"if-unmodified-since",
)  # fmt: skip
_QUERIES = (
    b"versionId", b"uploadId", b"partNumber", b"max-keys", b"prefix", b"delimiter", b"marker", b"start-after",
    b"continuation-token", b"encoding-type", b"list-type", b"versions", b"key-marker", b"version-id-marker",
    b"upload-id-marker", b"max-uploads", b"max-parts", b"part-number-marker", b"response-content-type",
    b"response-content-disposition", b"response-expires", b"acl", b"policy", b"tagging", b"lifecycle", b"cors",
    b"X-Amz-Credential", b"X-Amz-Date", b"X-Amz-Expires", b"X-Amz-Signature", b"X-Amz-SignedHeaders",
    b"X-Amz-Algorithm", b"X-Amz-Security-Token", b"Action", b"Version", b"AWSAccessKeyId", b"Signature", b"Expires",
    b"delete", b"uploads", b"restore", b"select", b"retention", b"legal-hold", b"torrent", b"attributes", b"x-id",
    b"max-buckets", b"bucket-region", b"fetch-owner", b"website", b"notification", b"logging", b"id",
)  # fmt: skip
_DECISIVE = (b"authorization", b"x-amz-date", b"x-amz-content-sha256", b"x-amz-target", b"host")
_METHODS = (b"GET", b"PUT", b"POST", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT", b"PROPFIND")


def mutated(raw: Raw, pick: random.Random) -> Raw:
    """The request with one to four harms done to it."""
    for _ in range(pick.choice((1, 1, 1, 2, 3, 4))):
        raw = pick.choice(MUTATIONS)(raw, pick)
    return raw


def odd(pick: random.Random) -> bytes:
    """A value that somebody may have forgotten to think of."""
    kind = pick.random()
    if kind < 0.3:
        return pick.choice(NUMBERS)
    if kind < 0.9:
        return pick.choice(TEXTS)
    return pick.randbytes(pick.randint(1, 40))


def in_header(value: bytes) -> bytes:
    """What can be said in a header at all; line ends would begin another."""
    return re.sub(rb"[\r\n\x00]", b"", value)


def other_method(raw: Raw, pick: random.Random) -> Raw:
    return replace(raw, method=pick.choice(_METHODS))


def harmed_path(raw: Raw, pick: random.Random) -> Raw:
    path, mark, query = raw.target.partition(b"?")
    at = pick.randint(1, len(path)) if path else 0
    harm = quote_from_bytes(odd(pick), safe=pick.choice(("", "/%"))).encode()
    rest = path[at:] if pick.random() < 0.5 else b""
    return replace(raw, target=(path[:at] + harm + rest or b"/") + mark + query)


def more_query(raw: Raw, pick: random.Random) -> Raw:
    value = quote_from_bytes(odd(pick), safe=pick.choice(("", "=&%/+"))).encode()
    mark = b"&" if b"?" in raw.target else b"?"
    equals = b"=" if pick.random() < 0.85 else b""
    return replace(raw, target=raw.target + mark + pick.choice(_QUERIES) + equals + (value if equals else b""))


def harmed_query(raw: Raw, pick: random.Random) -> Raw:
    path, mark, query = raw.target.partition(b"?")
    pairs = query.split(b"&") if query else []
    if not pairs:
        return more_query(raw, pick)
    at = pick.randrange(len(pairs))
    name = pairs[at].partition(b"=")[0]
    pairs[at] = name + b"=" + quote_from_bytes(odd(pick)).encode()
    return replace(raw, target=path + mark + b"&".join(pairs))


def more_headers(raw: Raw, pick: random.Random) -> Raw:
    return replace(raw, headers=[*raw.headers, (pick.choice(_HEADERS), in_header(odd(pick)))])


def harmed_header(raw: Raw, pick: random.Random) -> Raw:
    if not raw.headers:
        return more_headers(raw, pick)
    headers = list(raw.headers)
    at = _one_header(raw, pick)
    name, value = headers[at]
    cut = pick.randint(0, len(value))
    harmed = pick.choice((in_header(odd(pick)), value[:cut] + in_header(odd(pick)) + value[cut:], value[:cut]))
    headers[at] = (name, harmed)
    return replace(raw, headers=headers)


def lost_header(raw: Raw, pick: random.Random) -> Raw:
    if not raw.headers:
        return raw
    at = _one_header(raw, pick)
    return replace(raw, headers=raw.headers[:at] + raw.headers[at + 1 :])


def _one_header(raw: Raw, pick: random.Random) -> int:
    """Its place; rarely one without which nothing else would be looked at."""
    others = [at for at, (name, _) in enumerate(raw.headers) if name.lower() not in _DECISIVE]
    return pick.choice(others) if others and pick.random() < 0.9 else pick.randrange(len(raw.headers))


def harmed_body(raw: Raw, pick: random.Random) -> Raw:
    body = bytearray(raw.body)
    for _ in range(pick.choice((1, 1, 3))):
        at = pick.randint(0, len(body))
        end = min(len(body), at + pick.choice((0, 1, 1, 5, 50)))
        body[at:end] = pick.choice((odd(pick), pick.randbytes(3), bytes(body[at:end]) * 2, b""))
    return replace(raw, body=bytes(body))


def cut_body(raw: Raw, pick: random.Random) -> Raw:
    return replace(raw, body=raw.body[: pick.randint(0, len(raw.body))])


def harmed_values(raw: Raw, pick: random.Random) -> Raw:
    """The document still parses (JSON, XML, a form): its values are what is odd."""
    if raw.body.startswith((b"{", b"[")):
        return _harmed_json_body(raw, pick)
    if raw.body.startswith(b"<"):
        return _harmed_xml(raw, pick)
    return harmed_header(raw, pick)


def odd_json(pick: random.Random, depth: int = 0) -> Any:
    """A JSON value of any kind."""
    return pick.choice(
        (
            None, True, False, 0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**300, 1e308, float("nan"), float("inf"), "",
            "\ud800", "\x00", "\x01", "\U0001f4a9", "x" * 300, "1", "true", "null", [], {}, [[]], {"": ""}, [None],
            {"a": {"b": {}}}, odd(pick).decode("utf-8", "replace"), pick.choice(NUMBERS).decode("utf-8", "replace"),
        )
    )  # fmt: skip


def _harmed_json_body(raw: Raw, pick: random.Random) -> Raw:
    try:
        value = json.loads(raw.body)
    except (ValueError, RecursionError):
        return harmed_body(raw, pick)
    for _ in range(pick.choice((1, 1, 2))):
        value = harmed_json(value, pick)
    return replace(raw, body=json.dumps(value, ensure_ascii=pick.random() < 0.5).encode("utf-8", "surrogatepass"))


def harmed_json(value: Any, pick: random.Random) -> Any:
    """A document with one of its values replaced, repeated or renamed."""
    if isinstance(value, dict) and value and pick.random() < 0.85:
        name = pick.choice(list(value))
        if pick.random() < 0.1:
            return {**value, str(odd_json(pick)): value[name]}
        return {**value, name: harmed_json(value[name], pick)}
    if isinstance(value, list) and value and pick.random() < 0.85:
        at = pick.randrange(len(value))
        if pick.random() < 0.15:
            return value + [value[at]] * pick.choice((1, 20, 1200))
        return [*value[:at], harmed_json(value[at], pick), *value[at + 1 :]]
    if isinstance(value, str) and value.startswith("{") and pick.random() < 0.7:
        try:  # a document inside of a text, as policies are
            return json.dumps(harmed_json(json.loads(value), pick))
        except (ValueError, RecursionError):
            return odd_json(pick)
    return odd_json(pick)


def _harmed_xml(raw: Raw, pick: random.Random) -> Raw:
    texts = list(re.finditer(rb">([^<]*)</", raw.body))
    elements = list(re.finditer(rb"<(\w+)[ >]", raw.body))
    kind = pick.random()
    if texts and kind < 0.6:
        found = pick.choice(texts)
        return replace(raw, body=raw.body[: found.start(1)] + odd(pick) + raw.body[found.end(1) :])
    if elements and kind < 0.8:
        name = pick.choice(elements)[1]
        element = re.search(rb"<%s[ >].*?</%s>" % (name, name), raw.body, re.DOTALL)
        if element:
            again = element[0] * pick.choice((0, 2, 3, 1100))
            return replace(raw, body=raw.body[: element.start()] + again[:200_000] + raw.body[element.end() :])
    return replace(raw, body=pick.choice(XML_BOMBS) + raw.body)


XML_BOMBS = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]>',
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    b'<?xml version="1.0" encoding="utf-16"?>',
    b'<?xml version="1.0" encoding="nonsense"?>',
    b'<?xml version="1.1"?>',
    b"<a>" * 20_000,
    b"<a " + b"".join(b'b%d="1" ' % n for n in range(5000)) + b">",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"<!-- " + b"x" * 5000 + b" -->",
    b"<?pi " + b"x" * 5000 + b"?>",
)

MUTATIONS: tuple[Mutation, ...] = (
    other_method, harmed_path, harmed_path, more_query, more_query, harmed_query, harmed_query, more_headers,
    more_headers, harmed_header, harmed_header, lost_header, harmed_body, cut_body, harmed_values, harmed_values,
    harmed_values, harmed_values,
)  # fmt: skip
