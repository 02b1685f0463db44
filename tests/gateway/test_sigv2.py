"""Version 2, as boto3 still presigns for S3 by default."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import boto3
import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.gateway import sigv4
from cumulet.gateway.http import Request
from cumulet.gateway.signature_errors import Dialect, SignatureError

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def client(**config):
    return boto3.client(
        "s3", region_name="us-east-1", endpoint_url="http://s3.localhost:4566", aws_access_key_id=KEY,
        aws_secret_access_key=SECRET, aws_session_token="session/token+=", config=Config(**config),
    )  # fmt: skip


PATH_STYLE = client(s3={"addressing_style": "path"})
HOST_STYLE = client(s3={"addressing_style": "virtual"})


def fetched(url: str, method: str = "GET", **headers: str) -> Request:
    parts = urlsplit(url)
    sent = {"host": parts.netloc} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, parts.path, parts.query, sent)


def check(request: Request, bucket: str | None = None, now: datetime | None = None, **named) -> sigv4.Signature:
    found = sigv4.find(request, Dialect.S3, bucket)
    assert isinstance(found, sigv4.Signature)
    claim = sigv4.payload_claim(request, found) or ""
    sigv4.verify(request, found, SECRET, now=now or datetime.now(UTC), payload_hash=claim, **named)
    return found


def refused(request: Request, **named) -> SignatureError:
    with pytest.raises(SignatureError) as no:
        check(request, **named)
    return no.value


keys = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10).filter(
    lambda key: key not in ".."
)


@given(keys, st.sampled_from([None, "text/plain; charset=é"]))
@settings(deadline=None, max_examples=30)
@pytest.mark.spec("storage:S3-39")
def test_what_boto3_presigns_verifies(key, disposition):
    params = {"Bucket": "pictures", "Key": key}
    if disposition:
        params["ResponseContentDisposition"] = disposition
    found = check(fetched(PATH_STYLE.generate_presigned_url("get_object", Params=params)))
    assert (found.access_key, found.token, found.place) == (KEY, "session/token+=", "query")
    check(fetched(HOST_STYLE.generate_presigned_url("get_object", Params=params)), bucket="pictures")


def test_a_presigned_upload_signs_its_headers():
    params = {"Bucket": "b", "Key": "k", "ContentType": "image/png", "Metadata": {"note": "a b"}, "ACL": "private"}
    url = PATH_STYLE.generate_presigned_url("put_object", Params=params)
    check(fetched(url, "PUT", content_type="image/png"))
    assert sigv4.hoisted(fetched(url))["x-amz-meta-note"] == "a b"
    assert refused(fetched(url, "PUT", content_type="text/html")).code == "SignatureDoesNotMatch"
    assert refused(fetched(url, "PUT", x_amz_meta_note="other")).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "change", [("/b/k", "/b/K"), ("/b/k", "/c/k"), ("Signature=", "Signature=A"), ("versionId=1", "versionId=2")]
)
def test_what_was_changed_does_not_verify(change):
    url = PATH_STYLE.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k", "VersionId": "1"})
    check(fetched(url))
    no = refused(fetched(url.replace(*change)))
    assert list(no.extra) == ["AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes"]


def test_another_host_may_not_name_another_bucket():
    url = PATH_STYLE.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    assert refused(fetched(url), bucket="other").code == "SignatureDoesNotMatch"


def test_a_presigned_url_expires():
    url = PATH_STYLE.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"}, ExpiresIn=60)
    later = datetime.now(UTC) + timedelta(seconds=62)
    no = refused(fetched(url), now=later)
    assert (no.code, no.message, list(no.extra)) == ("AccessDenied", "Request has expired", ["Expires", "ServerTime"])
    check(fetched(url), now=later, signed_at=lambda wall: wall + timedelta(hours=1))


def test_the_authorization_header_is_refused():
    sent = AWSRequest("PUT", "http://s3.localhost/b/k", headers={"Content-Type": "text/plain"})
    botocore.auth.HmacV1Auth(Credentials(KEY, SECRET)).add_auth(sent)
    headers = {name.lower(): value for name, value in sent.headers.items()} | {"host": "s3.localhost"}
    no = refused(Request("PUT", "/b/k", "", headers))
    assert (no.code, no.status) == ("InvalidRequest", 400) and "AWS4-HMAC-SHA256" in no.message


def test_a_form_signs_its_policy():
    fields = PATH_STYLE.generate_presigned_post("b", "k")["fields"]
    lowered = {name.lower(): value for name, value in fields.items()}
    request = Request("POST", "/b", "", {})
    found = sigv4.find_in_form(lowered)
    assert isinstance(found, sigv4.Signature)
    sigv4.verify(request, found, SECRET, now=datetime.now(UTC), payload_hash="")
    digest = hmac.digest(SECRET.encode(), lowered["policy"].encode(), hashlib.sha1)
    assert found.signature == base64.b64encode(digest).decode()
    with pytest.raises(SignatureError):
        sigv4.verify(request, found, "other", now=datetime.now(UTC), payload_hash="")


@given(st.text(max_size=60), st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_read_or_refused(header, expires):
    for request in (
        Request("GET", "/b/k", "", {"host": "h", "authorization": "AWS " + header, "date": expires}),
        Request("GET", "/b/k", f"AWSAccessKeyId=A&Signature=x&Expires={expires}", {"host": "h"}),
        Request("GET", "/b/k", "q=AWSAccessKeyId=A&r=Signature=x&Expires=1", {"host": "h"}),
    ):
        assert 400 <= refused(request).status < 500


def test_other_services_never_took_it_in_this_form():
    request = Request("GET", "/", "", {"host": "h", "authorization": "AWS A:b"})
    with pytest.raises(SignatureError) as no:
        sigv4.find(request, Dialect.JSON)
    assert no.value.code == "InvalidSignatureException"
