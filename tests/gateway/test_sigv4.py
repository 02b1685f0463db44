"""What botocore and the common runtime sign, verifies; what anybody changed on the way does not."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from unittest import mock
from urllib.parse import urlsplit

import botocore.auth
import botocore.compat
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.gateway import canonical, signatures, sigv4
from cumulet.gateway.http import Request
from cumulet.gateway.signature_errors import Dialect, SignatureError, dialect, missing, unknown_key

KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session/token+="
NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)

AUTHS = {
    "header": (botocore.auth.SigV4Auth, "lambda", Dialect.REST),
    "query": (botocore.auth.SigV4QueryAuth, "sts", Dialect.QUERY),
    "s3-header": (botocore.auth.S3SigV4Auth, "s3", Dialect.S3),
    "s3-query": (botocore.auth.S3SigV4QueryAuth, "s3", Dialect.S3),
}


def signed(
    form: str, method: str, path: str, query: str = "", body: bytes = b"", token: str | None = None, **headers: str
) -> Request:
    """A request as botocore signs it at NOW."""
    auth, service, _ = AUTHS[form]
    url = f"http://127.0.0.1:4566{path}" + (f"?{query}" if query else "")
    sent = AWSRequest(method, url, data=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    sent.context["payload_signing_enabled"] = True
    with mock.patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: NOW.replace(tzinfo=None)):
        auth(Credentials(KEY, SECRET, token), service, "us-east-1").add_auth(sent)
    return received(sent, body)


def received(sent: AWSRequest, body: bytes) -> Request:
    prepared = sent.prepare()
    url = urlsplit(prepared.url)
    texts = {k.lower(): v if isinstance(v, str) else v.decode("latin-1") for k, v in prepared.headers.items()}
    return Request(prepared.method, url.path, url.query, {"host": url.netloc} | texts, body)


def check(request: Request, kind: Dialect, now: datetime = NOW, secret: str = SECRET, **named) -> sigv4.Signature:
    signature = sigv4.find(request, kind)
    assert isinstance(signature, sigv4.Signature)
    claim = sigv4.payload_claim(request, signature, kind) or hashlib.sha256(request.body).hexdigest()
    sigv4.verify(request, signature, secret, now=now, payload_hash=claim, kind=kind, **named)
    return signature


def refused(request: Request, kind: Dialect, **named) -> SignatureError:
    with pytest.raises(SignatureError) as no:
        check(request, kind, **named)
    return no.value


paths = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6), max_size=4)
words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=10)
forms = st.sampled_from(sorted(AUTHS))


@given(forms, paths, st.dictionaries(words, words, max_size=4), words, st.binary(max_size=20), st.booleans())
@settings(deadline=None)
def test_what_botocore_signs_verifies(form, path, query, value, body, session):
    quoted = "/" + "/".join(botocore.compat.quote(part, safe="~") for part in path)
    text = "&".join(
        f"{botocore.compat.quote(k, safe='~')}={botocore.compat.quote(v, safe='~')}" for k, v in query.items()
    )
    body = b"" if "query" in form else body
    headers = {} if "query" in form else {"x_amz_meta_note": f"a {value.strip()}"}
    request = signed(form, "PUT", quoted, text, body, TOKEN if session else None, **headers)
    found = check(request, AUTHS[form][2])
    assert (found.access_key, found.region, found.service) == (KEY, "us-east-1", AUTHS[form][1])
    assert found.token == (TOKEN if session else None)


ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
PARTS = ["path", "query", "signature", "method", "host", "header", "body"]
CHANGED = [(form, part) for form in AUTHS for part in (PARTS[:5] if "query" in form else PARTS)]


@given(st.sampled_from(CHANGED), st.data())
@settings(deadline=None)
def test_one_changed_character_does_not_verify(place, data):
    form, part = place
    body, headers = (b"", {}) if "query" in form else (b"content", {"x_amz_meta_note": "original"})
    request = signed(form, "PUT", "/bucket/photos/cat.png", "first=one&second=two", body, **headers)

    def changed(text: str, start: int = 0, end: int = 10**6) -> str:
        at = data.draw(st.sampled_from([i for i in range(start, min(end, len(text))) if text[i] in ALPHABET]))
        return text[:at] + data.draw(st.sampled_from(ALPHABET.replace(text[at], ""))) + text[at + 1 :]

    match part:
        case "path":
            request.path = changed(request.path)
        case "query":
            request.query = changed(request.query, end=len("first=one&second=two"))
        case "signature" if "query" in form:
            request.query = changed(request.query, request.query.index("X-Amz-Signature=") + 16)
        case "signature":
            sent = request.headers["authorization"]
            request.headers["authorization"] = changed(sent, sent.index("Signature=") + 10)
        case "method":
            request.method = data.draw(st.sampled_from(["GET", "POST", "DELETE"]))
        case "host":
            request.headers["host"] = changed(request.headers["host"])
        case "header":
            request.headers["x-amz-meta-note"] = changed(request.headers["x-amz-meta-note"])
        case "body" if form == "s3-header":
            request.headers["x-amz-content-sha256"] = hashlib.sha256(b"Content").hexdigest()
        case "body":
            request.body = b"Content"
    assert refused(request, AUTHS[form][2]).code in ("SignatureDoesNotMatch", "InvalidSignatureException")


def test_another_secret_does_not_verify():
    assert refused(signed("s3-header", "GET", "/b/k"), Dialect.S3, secret="other").status == 403


@given(st.text(max_size=200), st.sampled_from(list(Dialect)))
@settings(deadline=None)
def test_any_authorization_header_is_read_or_refused(text, kind):
    for header in (text, "AWS4-HMAC-SHA256 " + text, "AWS4-HMAC-SHA256 Credential=" + text):
        request = Request("GET", "/", "", {"host": "h", "authorization": header, "x-amz-date": "20260131T120000Z"})
        try:
            check(request, kind)
        except SignatureError as no:
            assert 400 <= no.status < 500
        except AssertionError:
            assert sigv4.find(request, kind) is sigv4.ANONYMOUS


@given(
    st.dictionaries(
        st.sampled_from([*signatures.QUERY_NAMES, "X-Amz-Expires"]),
        st.one_of(
            st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
            st.sampled_from(
                [
                    sigv4.HMAC,
                    sigv4.ECDSA,
                    "20260131T120000Z",
                    "host",
                    "900",
                    "A/20260131/r/s3/aws4_request",
                    "-1",
                    "%ff",
                ]
            ),
        ),
    ),
    st.sampled_from(list(Dialect)),
)
@settings(deadline=None)
def test_any_presigned_query_is_read_or_refused(given_fields, kind):
    request = Request("GET", "/", "&".join(f"{k}={v}" for k, v in given_fields.items()), {"host": "h"})
    try:
        if sigv4.find(request, kind) is not sigv4.ANONYMOUS:
            check(request, kind)
    except SignatureError as no:
        assert 400 <= no.status < 500


# The worked examples of the S3 API Reference


def example(method: str, path: str, query: str, signature: str, **headers: str) -> Request:
    sent = {"host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent.setdefault("x-amz-content-sha256", sigv4.EMPTY_HASH)
    names = ";".join(sorted(sent))
    scope = "20130524/us-east-1/s3/aws4_request"
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{scope},SignedHeaders={names},Signature={signature}"
    )
    return Request(method, path, query, sent)


@pytest.mark.parametrize(
    "request_",
    [
        example(
            "GET", "/test.txt", "", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            range="bytes=0-9",
        ),
        example(
            "PUT", "/test$file.text", "", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            date="Fri, 24 May 2013 00:00:00 GMT", x_amz_storage_class="REDUCED_REDUNDANCY",
            x_amz_content_sha256="44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        ),
        example("GET", "/", "lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        example("GET", "/", "max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)  # fmt: skip
def test_the_published_examples_verify(request_):
    check(
        request_, Dialect.S3, now=datetime(2013, 5, 24, tzinfo=UTC), secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )


def test_paths_of_other_services_are_normalised_and_encoded_twice():
    assert canonical.canonical_path("/a//b/../c/./d%3Ae/", once=False) == "/a/c/d%253Ae/"
    assert canonical.canonical_path("/a//b/../c:d%3ae%2ff", once=True) == "/a//b/../c%3Ad%3Ae%2Ff"


def test_query_parameters_are_decoded_encoded_and_sorted():
    assert canonical.canonical_query("b=2&a-=1&a=%7e+x&a=%2f&X-Amz-Signature=0&acl") == "a=%2F&a=~%20x&a-=1&acl=&b=2"


# Time


def test_a_signature_counts_for_fifteen_minutes_either_way():
    request = signed("s3-header", "GET", "/b/k")
    for minutes in (-15, 0, 15):
        check(request, Dialect.S3, now=NOW + timedelta(minutes=minutes))
    late = refused(request, Dialect.S3, now=NOW + timedelta(minutes=16))
    assert (late.code, late.status) == ("RequestTimeTooSkewed", 403)
    assert late.extra == {
        "RequestTime": "20260131T120000Z",
        "ServerTime": "2026-01-31T12:16:00Z",
        "MaxAllowedSkewMilliseconds": "900000",
    }


def test_other_services_name_both_times():
    request = signed("header", "GET", "/")
    late = refused(request, Dialect.REST, now=NOW + timedelta(minutes=20))
    assert late.message == (
        "Signature expired: 20260131T120000Z is now earlier than 20260131T120500Z (20260131T122000Z - 15 min.)"
    )
    early = refused(request, Dialect.JSON, now=NOW - timedelta(minutes=20))
    assert (early.code, early.status) == ("InvalidSignatureException", 400)
    assert early.message.startswith("Signature not yet current: 20260131T120000Z is still later than 20260131T115500Z")


def test_a_client_may_follow_the_wall_or_the_cloud():
    request = signed("s3-header", "GET", "/b/k")
    next_year = NOW + timedelta(days=365)
    check(request, Dialect.S3, now=next_year, signed_at=lambda wall: wall + timedelta(days=365))
    check(request, Dialect.S3, now=NOW, signed_at=lambda wall: wall + timedelta(days=365))
    assert refused(request, Dialect.S3, now=next_year).code == "RequestTimeTooSkewed"


@pytest.mark.spec("storage:S3-39")
def test_a_presigned_url_expires():
    request = signed("s3-query", "GET", "/b/k")
    check(request, Dialect.S3, now=NOW + timedelta(hours=1))
    late = refused(request, Dialect.S3, now=NOW + timedelta(hours=1, seconds=1))
    assert (late.code, late.message, late.status) == ("AccessDenied", "Request has expired", 403)
    assert late.extra == {
        "X-Amz-Expires": "3600",
        "Expires": "2026-01-31T13:00:00Z",
        "ServerTime": "2026-01-31T13:00:01Z",
    }
    assert refused(request, Dialect.S3, now=NOW - timedelta(minutes=16)).message == "Request is not valid yet"


@pytest.mark.spec("storage:S3-40")
def test_a_presigned_url_is_for_one_key_and_method():
    request = signed("s3-query", "PUT", "/b/k")
    check(request, Dialect.S3)
    request.method = "DELETE"
    assert refused(request, Dialect.S3).code == "SignatureDoesNotMatch"


# Refusals


def test_s3_shows_what_it_signed():
    request = signed("s3-header", "GET", "/b/k")
    no = refused(request, Dialect.S3, secret="other")
    assert list(no.extra) == [
        "AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes", "CanonicalRequest",
        "CanonicalRequestBytes",
    ]  # fmt: skip
    assert no.extra["StringToSignBytes"].startswith("41 57 53 34 2d")
    assert hashlib.sha256(no.extra["CanonicalRequest"].encode()).hexdigest() in no.extra["StringToSign"]


def with_header(text: str, **headers: str) -> Request:
    sent = {
        "host": "h",
        "authorization": text,
        "x-amz-date": "20260131T120000Z",
        "x-amz-content-sha256": sigv4.EMPTY_HASH,
    }
    return Request("GET", "/", "", sent | {k.replace("_", "-"): v for k, v in headers.items()})


GOOD = "AWS4-HMAC-SHA256 Credential=A/20260131/r/s3/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        ("AWS AKID:signature", "InvalidRequest", "Please use AWS4-HMAC-SHA256."),
        ("Basic abc", "InvalidArgument", "Unsupported Authorization Type"),
        ("AWS4-HMAC-SHA256 ", "AuthorizationHeaderMalformed", "requires three components"),
        (GOOD.replace("/r/s3", "/s3"), "AuthorizationHeaderMalformed", "the Credential is mal-formed; expecting"),
        (GOOD.replace("aws4_r", "r"), "AuthorizationHeaderMalformed", 'incorrect terminal "request"'),
        (GOOD.replace("20260131", "2026"), "AuthorizationHeaderMalformed", 'incorrect date format "2026"'),
        (GOOD.replace("20260131", "20260130"), "AuthorizationHeaderMalformed", "Invalid credential date"),
        (GOOD, "AccessDenied", "There were headers present in the request which were not signed"),
    ],
)
def test_s3_refuses_a_malformed_header(header, code, words):
    no = refused(with_header(header), Dialect.S3)
    assert (no.code, words in no.message) == (code, True), no


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        ("AWS4-HMAC-SHA256 ", "IncompleteSignatureException", "requires 'Credential' parameter. Authorization header"),
        (
            "AWS4-HMAC-SHA256 nonsense",
            "IncompleteSignatureException",
            "not a valid key=value pair (missing equal-sign)",
        ),
        (GOOD.replace("/r/s3", "/s3"), "IncompleteSignatureException", "exactly 5 slash-delimited elements"),
        (GOOD.replace("20260131", "20260130"), "InvalidSignatureException", "'20260130' != '20260131'"),
        (GOOD.replace("=host", "=x"), "InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader'"),
        (GOOD, "InvalidSignatureException", "Check your AWS Secret Access Key and signing method."),
    ],
)
def test_other_services_refuse_a_malformed_header(header, code, words):
    no = refused(with_header(header), Dialect.JSON)
    assert (no.code, words in no.message, no.status) == (code, True, 400), no


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("X-Amz-Expires=3600", "X-Amz-Expires=604801"), "must be less than a week (in seconds)"),
        (("X-Amz-Expires=3600", "X-Amz-Expires=-1"), "X-Amz-Expires must be non-negative"),
        (("X-Amz-Expires=3600", "X-Amz-Expires=soon"), "X-Amz-Expires should be a number"),
        (("&X-Amz-Expires=3600", ""), "Query-string authentication version 4 requires"),
        (("HMAC-SHA256", "HMAC-MD5"), "X-Amz-Algorithm only supports"),
        (("aws4_request", "aws4"), "Error parsing the X-Amz-Credential parameter; incorrect terminal"),
        (("T120000Z", ""), "X-Amz-Date must be in the ISO8601 Long Format"),
    ],
)
def test_s3_refuses_a_malformed_presigned_url(change, words):
    request = signed("s3-query", "GET", "/b/k")
    request.query = request.query.replace(*change)
    no = refused(request, Dialect.S3)
    assert (no.code, no.status, words in no.message) == ("AuthorizationQueryParametersError", 400, True), no


def test_a_request_is_signed_in_one_place_only():
    request = signed("s3-query", "GET", "/b/k")
    request.headers["authorization"] = GOOD
    assert "Only one auth mechanism allowed" in refused(request, Dialect.S3).message


def test_a_header_that_was_added_on_the_way_is_refused():
    request = signed("s3-query", "PUT", "/b/k")
    request.headers["x-amz-meta-wrong"] = "x"
    assert refused(request, Dialect.S3).extra == {"HeadersNotSigned": "x-amz-meta-wrong"}


def test_s3_needs_a_sensible_content_hash():
    request = signed("s3-header", "GET", "/b/k")
    request.headers["x-amz-content-sha256"] = "nonsense"
    assert refused(request, Dialect.S3).extra["ArgumentName"] == "x-amz-content-sha256"
    del request.headers["x-amz-content-sha256"]
    assert refused(request, Dialect.S3).message == "Missing required header for this request: x-amz-content-sha256"


def test_an_unsigned_request_is_anonymous():
    for headers in ({}, {"authorization": "Bearer abc"}):
        assert sigv4.find(Request("GET", "/b/k", "versionId=1", {"host": "h"} | headers)) is sigv4.ANONYMOUS


def test_each_family_of_services_has_its_words():
    assert [missing(kind).code for kind in Dialect] == [
        "AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationToken",
        "MissingAuthenticationTokenException", "MissingAuthenticationTokenException",
    ]  # fmt: skip
    assert [unknown_key(kind, "A").code for kind in Dialect] == [
        "InvalidAccessKeyId", "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException",
        "UnrecognizedClientException",
    ]  # fmt: skip
    assert dialect("s3control", "rest-xml") is Dialect.S3
    assert dialect("route53", "rest-xml") is Dialect.QUERY
    assert dialect("ec2", "ec2") is Dialect.EC2
    assert dialect("dynamodb", "json") is Dialect.JSON


# Browser forms


def posted() -> dict[str, str]:
    """The fields that botocore signs for a browser upload."""
    sent = AWSRequest("POST", "http://127.0.0.1:4566/b")
    fields: dict[str, str] = {"key": "k"}
    policy = {"expiration": "2026-02-01T00:00:00Z", "conditions": [{"bucket": "b"}, {"key": "k"}]}
    sent.context.update({"s3-presign-post-fields": fields, "s3-presign-post-policy": policy})
    with mock.patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: NOW.replace(tzinfo=None)):
        botocore.auth.S3SigV4PostAuth(Credentials(KEY, SECRET, TOKEN), "s3", "us-east-1").add_auth(sent)
    return {name.lower(): value for name, value in fields.items()}


def test_a_form_signs_its_policy():
    fields = posted()
    found = sigv4.find_in_form(fields)
    sigv4.verify(Request("POST", "/b", "", {}), found, SECRET, now=NOW, payload_hash="")
    assert (found.access_key, found.token, found.place) == (KEY, TOKEN, "form")
    assert json.loads(base64.b64decode(found.policy))["conditions"][0] == {"bucket": "b"}

    fields["policy"] = base64.b64encode(b"{}").decode()
    with pytest.raises(SignatureError) as no:
        sigv4.verify(Request("POST", "/b", "", {}), sigv4.find_in_form(fields), SECRET, now=NOW, payload_hash="")
    assert no.value.extra["StringToSign"] == fields["policy"]


@pytest.mark.parametrize("name", ["policy", "x-amz-credential", "x-amz-date", "x-amz-algorithm"])
def test_a_form_needs_all_fields_of_its_signature(name):
    fields = posted()
    del fields[name]
    with pytest.raises(SignatureError) as no:
        sigv4.find_in_form(fields)
    assert no.value.code == "InvalidArgument"


def test_a_form_without_signature_is_anonymous():
    assert sigv4.find_in_form({"key": "k"}) is sigv4.ANONYMOUS


def test_headers_may_travel_in_a_presigned_query():
    request = signed("s3-query", "PUT", "/b/k", "x-amz-meta-Note=a%20b&X-Amz-Acl=private&x-id=PutObject")
    check(request, Dialect.S3)
    assert sigv4.hoisted(request) == {"x-amz-meta-note": "a b", "x-amz-acl": "private"}
