"""Callers who are not the bucket's owner: another account, nobody at all, and plain HTTP as browsers speak it."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore import UNSIGNED
from botocore.config import Config


def anonymous(client: Any) -> Any:
    """A boto3 client that signs nothing."""
    return client("s3", config=Config(signature_version=UNSIGNED))


def open_up(s3: Any, bucket: str) -> None:
    """Take Block Public Access away from a bucket, as one does before letting anybody in."""
    s3.delete_public_access_block(Bucket=bucket)


def policy(bucket: str, *statements: dict[str, Any]) -> str:
    """A policy of statements that need say only what is special about them."""
    default = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**default, **each} for each in statements]})


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    """By lower-case names."""
    body: str


def fetch(url: str, path: str = "/", *, host: str | None = None, method: str = "GET", body: bytes | None = None,
          **headers: str) -> Answer:  # fmt: skip
    """One request as it is, no redirect followed. `host` goes to the same address under another name; in names of
    headers an underscore stands for a dash."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, {"Host": host or address.netloc, **sent})
        answer = connection.getresponse()
        text = answer.read().decode()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)
    finally:
        connection.close()
