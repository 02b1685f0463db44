"""Signature Version 4 by header, as fast as Python can, for a client that must cost less than any server.

botocore needs some 200 us for a request, which is more than the servers under test need to answer it. `check` holds
this module to botocore's signature byte for byte, and every run begins with it."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
_REFRESH_SECONDS = 60  # signatures hold for 15 minutes; a new date costs four HMACs


@dataclass(frozen=True)
class Keys:
    access: str = "test"
    secret: str = "test"


class Signer:
    """Makes whole HTTP/1.1 requests, signed, for one service of one server."""

    def __init__(self, url: str, service: str, keys: Keys, *, date: str | None = None) -> None:
        self.host = urlsplit(url).netloc
        self.service = service
        self.keys = keys
        self._fixed = date
        self._expires = 0.0
        self._renew()

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes = b"", *, query: str = "") -> bytes:
        """The request as bytes. `headers` have lower-case names; path and query are already encoded and sorted."""
        return self.head(method, path, headers, sha256(body).hexdigest(), len(body), query=query) + body

    def head(
        self, method: str, path: str, headers: dict[str, str], payload: str, length: int, *, query: str = ""
    ) -> bytes:
        """The request up to its body, of which only the SHA-256 in hex and the length are needed."""
        if not self._fixed and time.monotonic() > self._expires:
            self._renew()
        signed = {**headers, "host": self.host, "x-amz-date": self._date}
        if self.service == "s3":
            signed["x-amz-content-sha256"] = payload
        signed = dict(sorted(signed.items()))
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        signature = self._signature(f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}")
        target = f"{path}?{query}" if query else path
        wire = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
        return (
            f"{method} {target} HTTP/1.1\r\n{wire}"
            f"authorization: AWS4-HMAC-SHA256 Credential={self.keys.access}/{self._scope}, "
            f"SignedHeaders={names}, Signature={signature}\r\n"
            f"accept-encoding: identity\r\nuser-agent: bench\r\ncontent-length: {length}\r\n\r\n"
        ).encode()

    def _signature(self, canonical: str) -> str:
        digest = sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self._date}\n{self._scope}\n{digest}"
        return hmac.digest(self._key, text.encode(), "sha256").hex()

    def _renew(self) -> None:
        self._date = self._fixed or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self._scope = f"{self._date[:8]}/{REGION}/{self.service}/aws4_request"
        key = f"AWS4{self.keys.secret}".encode()
        for part in self._scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._key = key
        self._expires = time.monotonic() + _REFRESH_SECONDS


def check() -> None:
    """Raises AssertionError when a request of ours and one of botocore's would carry different signatures."""
    headers = {"x-amz-checksum-crc32": "jt9Hdw=="}
    for service, signs in (("s3", S3SigV4Auth), ("sqs", SigV4Auth)):
        theirs = AWSRequest("PUT", "http://127.0.0.1:4566/bucket/key?list-type=2", dict(headers), b"body")
        signs(Credentials("AKIDEXAMPLE", "secret"), service, REGION).add_auth(theirs)
        date = theirs.headers["X-Amz-Date"]
        ours = Signer("http://127.0.0.1:4566", service, Keys("AKIDEXAMPLE", "secret"), date=date)
        made = ours.request("PUT", "/bucket/key", headers, b"body", query="list-type=2").decode()
        assert theirs.headers["Authorization"] in made, f"our {service} signature is not botocore's"
