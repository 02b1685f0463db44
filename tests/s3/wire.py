"""Requests to S3 below the SDK: signed in chunks, presigned and altered, or cut off in the middle."""

from __future__ import annotations

import base64
import hashlib
import http.client
import socket
import zlib
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_NOTHING = hashlib.sha256(b"").hexdigest()


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def send(method: str, url: str, body: Any = b"", headers: dict[str, str] | None = None) -> Answer:
    """One request, as it is; the body is bytes or can be read."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        connection.request(method, url.removeprefix(f"{parts.scheme}://{parts.netloc}"), body, headers or {})
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, response.read())
    finally:
        connection.close()


def announce(url: str, length: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    """Announce a PUT of `length` bytes, send `body`, and go away."""
    parts = urlsplit(url)
    lines = [f"PUT {url.removeprefix(f'{parts.scheme}://{parts.netloc}')} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in {"Content-Length": str(length), **(headers or {})}.items()]
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)  # the server has noticed


class _ChunkSigner(S3SigV4Auth):
    claim = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"

    def payload(self, request: Any) -> str:
        return self.claim


class _TrailerSigner(_ChunkSigner):
    claim = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"


def put_in_chunks(
    key: tuple[str, str], url: str, chunks: list[bytes], *, crc32: bytes | None = None, spoil: int | None = None
) -> Answer:
    """A PUT whose chunks are signed one by one. `crc32` promises the checksum of these bytes in a trailer; the chunk
    number `spoil` is altered after it was signed."""
    signer = (_ChunkSigner if crc32 is None else _TrailerSigner)(Credentials(*key), "s3", "us-east-1")
    headers = {"x-amz-decoded-content-length": str(sum(map(len, chunks))), "content-encoding": "aws-chunked"}
    if crc32 is not None:
        headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    request = AWSRequest("PUT", url, headers=headers, data=b"")
    signer.add_auth(request)
    previous = request.headers["Authorization"].rpartition("Signature=")[2]
    stamp = f"{request.context['timestamp']}\n{signer.credential_scope(request)}"
    wire = b""
    for number, chunk in enumerate([*chunks, b""]):
        digest = hashlib.sha256(chunk).hexdigest()
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{stamp}\n{previous}\n{_NOTHING}\n{digest}"
        previous = signer.signature(text, request)
        sent = chunk.swapcase() if number == spoil else chunk
        wire += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + sent
        wire += b"\r\n" if chunk or crc32 is None else b""
    if crc32 is not None:
        value = base64.b64encode(zlib.crc32(crc32).to_bytes(4, "big")).decode()
        digest = hashlib.sha256(f"x-amz-checksum-crc32:{value}\n".encode()).hexdigest()
        signed = signer.signature(f"AWS4-HMAC-SHA256-TRAILER\n{stamp}\n{previous}\n{digest}", request)
        wire += f"x-amz-checksum-crc32:{value}\r\nx-amz-trailer-signature:{signed}\r\n\r\n".encode()
    return send("PUT", url, wire, dict(request.headers.items()))
