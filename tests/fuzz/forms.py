"""Browser uploads, as bytes."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.fuzz.raw import Raw
from tests.fuzz.target import ATTACKER

Fields = dict[bytes, bytes]

PROOF: Fields = {
    b"x-amz-algorithm": b"AWS4-HMAC-SHA256",
    b"x-amz-credential": ATTACKER.encode() + b"/20260101/us-east-1/s3/aws4_request",
    b"x-amz-date": b"20260101T000000Z",
}
"""What stands for a signature, with a key that the cloud did not issue."""


def policy(names: list[bytes]) -> dict[str, Any]:
    """One that allows any value of these fields."""
    conditions = [["starts-with", f"${name.decode()}", ""] for name in names]
    return {"expiration": "2037-01-01T00:00:00Z", "conditions": [*conditions, ["content-length-range", 0, 1000]]}


def encoded(document: Any) -> bytes:
    return base64.b64encode(json.dumps(document).encode())


def upload(bucket: str, fields: Fields, filename: bytes = b"f") -> Raw:
    """The fields, and a file behind them; a policy and a signature only where they are among the fields."""
    parts = [*fields.items(), (b'file"; filename="' + filename, b"content")]
    frame = b'--XX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = b"".join(frame % part for part in parts) + b"--XX--\r\n"
    headers = [(b"Content-Type", b"multipart/form-data; boundary=XX")]
    return Raw(b"POST", b"/" + bucket.encode(), headers, body, name="PostObject")


def allowed(fields: Fields) -> Fields:
    """With a policy that allows them, and signed."""
    signed = {**fields, **PROOF}
    return {**signed, b"policy": encoded(policy(list(signed))), b"x-amz-signature": b"0" * 64}
