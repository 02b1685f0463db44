"""SigV4A as the common runtime signs it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.crt import auth
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.gateway import sigv4, sigv4a
from cumulet.gateway.http import Request
from cumulet.gateway.signature_errors import Dialect, SignatureError

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def signed(signer: type, kind: Dialect, body: bytes = b"") -> Request:
    service = "s3" if kind is Dialect.S3 else "events"
    sent = AWSRequest("PUT", "https://host.example/a/b%20c?x=1&y=", data=body)
    sent.context["payload_signing_enabled"] = True
    signer(Credentials(KEY, SECRET), service, "*").add_auth(sent)
    prepared = sent.prepare()
    url = urlsplit(prepared.url)
    headers = {k.lower(): v if isinstance(v, str) else v.decode() for k, v in prepared.headers.items()}
    return Request("PUT", url.path, url.query, {"host": url.netloc} | headers, body)


def check(request: Request, kind: Dialect, secret: str = SECRET) -> sigv4.Signature:
    signature = sigv4.find(request, kind)
    assert isinstance(signature, sigv4.Signature)
    claim = sigv4.payload_claim(request, signature, kind) or hashlib.sha256(request.body).hexdigest()
    sigv4.verify(request, signature, secret, now=datetime.now(UTC), payload_hash=claim, kind=kind)
    return signature


SIGNERS = [
    (auth.CrtSigV4AsymAuth, Dialect.JSON, b"content"),
    (auth.CrtSigV4AsymQueryAuth, Dialect.JSON, b""),
    (auth.CrtS3SigV4AsymAuth, Dialect.S3, b"content"),
    (auth.CrtS3SigV4AsymQueryAuth, Dialect.S3, b""),
]


@pytest.mark.parametrize(("signer", "kind", "body"), SIGNERS)
def test_what_the_common_runtime_signs_verifies(signer, kind, body):
    request = signed(signer, kind, body)
    found = check(request, kind)
    assert (found.algorithm, found.access_key, found.region) == (sigv4.ECDSA, KEY, "*")


@pytest.mark.parametrize(("signer", "kind", "body"), SIGNERS)
def test_what_was_changed_does_not(signer, kind, body):
    request = signed(signer, kind, body)
    with pytest.raises(SignatureError):
        check(request, kind, secret="other")
    request.path += "x"
    with pytest.raises(SignatureError):
        check(request, kind)


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_is_a_signature_that_does_not_verify(text):
    assert not sigv4a.verified(SECRET, KEY, b"message", text)


def test_keys_are_derived_as_published():
    """The example of the SigV4A derivation that the SDKs share."""
    numbers = sigv4a.public_key("q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom", "AKISORANDOMAASORANDOM").public_numbers()
    assert numbers.x == 0x15D242CEEBF8D8169FD6A8B5A746C41140414C3B07579038DA06AF89190FFFCB
    assert numbers.y == 0x515242CEDD82E94799482E4C0514B505AFCCF2C0C98D6A553BF539F424C5EC0
