"""What is below requests: heads, lengths, chunks, several requests in one piece, requests that never end."""

from __future__ import annotations

import random
import socket
import time

import pytest

from tests.fuzz import mutations, seeds
from tests.fuzz.raw import Raw, Wire
from tests.fuzz.target import ATTACKER, SECONDS, SEED

_PIECES = (
    b"GET ", b"PUT ", b"POST ", b"/ ", b"/a?b=c ", b"http://x/y ", b"* ", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0",
    b"\r\n", b"\n",
    b"\r", b"\r\n\r\n", b"Host: x\r\n", b"Host:\r\n", b": empty\r\n", b"A: b\r\n", b"A : b\r\n", b" folded\r\n",
    b"\x00", b"\xff",
    b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: 99999999999999999999999\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"Transfer-Encoding: identity\r\n",
    b"Expect: 100-continue\r\n",
    b"Expect: the-impossible\r\n", b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"5\r\nabcde\r\n",
    b"0\r\n\r\n", b"-5\r\n", b"ffffffffffffffff\r\n", b"fffffffffffffffff\r\n", b"5;ext=1\r\nabcde\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /" + b"a" * 70_000, b"X: " + b"y" * 9000 + b"\r\n",
    b"%" * 50,
)  # fmt: skip


def test_random_pieces_of_http_are_answered_or_dropped(target):
    until = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < until:
        pick = random.Random(f"{SEED}.pieces.{number}")
        data = b"".join(pick.choice(_PIECES) for _ in range(pick.randint(1, 12)))
        wire = Wire(target.process.url)
        heard = wire.exchange(data, whole=data.endswith(b"\r\n\r\n") and pick.random() < 0.0)
        target.check(Raw(name=f"piece {number}: {data!r}"), heard)
        number += 1
    _assert_alive(target)


def test_bodies_in_chunks_of_both_kinds_are_read_or_refused(target):
    """HTTP's own chunks, and AWS's within them: random sizes, signatures, trailers, and ends that never come."""
    until = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < until:
        pick = random.Random(f"{SEED}.chunks.{number}")
        request = _chunked_put(target, pick)
        wire = Wire(target.process.url)
        target.check(request, wire.exchange(request.encode(wire.host), whole=False))
        number += 1
    _assert_alive(target)


def _chunked_put(target, pick: random.Random) -> Raw:
    raw = Raw(b"PUT", b"/%s/chunked" % target.bucket.encode(), framed=False, name="chunked PutObject")
    kind = pick.choice(_KINDS)
    data = pick.randbytes(pick.choice((0, 1, 100, 9000, 70_000)))
    raw.headers = [(b"x-amz-content-sha256", kind), (b"x-amz-decoded-content-length", _near(len(data), pick))]
    if b"TRAILER" in kind or pick.random() < 0.2:
        raw.headers.append(
            (b"x-amz-trailer", pick.choice((b"x-amz-checksum-crc32", b"x-amz-checksum-crc64nvme", b"", b"a,b")))
        )
    raw.headers = [*seeds.signed(raw, "s3", ATTACKER)]
    body = _aws_chunks(data, pick)
    if pick.random() < 0.5:
        raw.headers.append((b"Transfer-Encoding", b"chunked"))
        body = _http_chunks(body, pick)
    else:
        raw.headers.append((b"Content-Length", _near(len(body), pick)))
    if pick.random() < 0.3:
        raw.headers.append((b"Expect", b"100-continue"))
    if pick.random() < 0.5:
        harmed = mutations.harmed_body(Raw(body=body), pick)
        body = harmed.body
    raw.body = body
    return raw


_KINDS = (
    b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", b"UNSIGNED-PAYLOAD",
    b"STREAMING-UNSIGNED-PAYLOAD-TRAILER", b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", b"STREAMING-NONSENSE",
    b"0" * 64,
)  # fmt: skip


def _near(number: int, pick: random.Random) -> bytes:
    """Mostly the truth."""
    if pick.random() < 0.7:
        return b"%d" % number
    return pick.choice((b"0", b"%d" % (number + 1), b"%d" % max(0, number - 1), b"9" * 15, b"9" * 30, b"-1", b"x", b""))


def _aws_chunks(data: bytes, pick: random.Random) -> bytes:
    framed = b""
    while data:
        size = pick.choice((1, 50, 8192, 65536))
        framed += b"%x;chunk-signature=%s\r\n" % (len(data[:size]), b"0" * pick.choice((64, 64, 64, 0, 500)))
        framed += data[:size] + b"\r\n"
        data = data[size:]
    ends = (b"0\r\n\r\n", b"0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n", b"",
    b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
            b"0\r\nx-amz-checksum-crc32:\xff\r\n\r\n", b"0\r\n" + b"a:b\r\n" * 100,
            b"0\r\n" + b"x" * 20_000)  # fmt: skip
    return framed + pick.choice(ends)


def _http_chunks(data: bytes, pick: random.Random) -> bytes:
    size = pick.choice((100, 5000, 100_000))
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return framed + pick.choice((b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"", b"0\r\n", b"zz\r\n"))


def _assert_alive(target) -> None:
    names = [b["Name"] for b in target.process.client("s3", account=ATTACKER).list_buckets()["Buckets"]]
    assert target.bucket in names


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_requests_in_one_piece_are_answered_one_after_the_other(target, version):
    """Pipelining: as many answers as requests, in their order, whatever their bodies."""
    requests = [
        Raw(b"GET", b"/%s/a.txt" % target.bucket.encode()),
        Raw(b"PUT", b"/%s/piped" % target.bucket.encode(), body=b"x" * 20_000),
        Raw(b"HEAD", b"/%s/piped" % target.bucket.encode()),
        Raw(b"GET", b"/%s/none" % target.bucket.encode()),
        Raw(b"GET", b"/%s/piped" % target.bucket.encode()),
    ]
    for request in requests:
        request.headers, request.version = seeds.signed(request, "s3", ATTACKER), b"HTTP/1.1"
    requests[-1].headers.append((b"Connection", b"close"))
    requests[-1].version = version
    wire = Wire(target.process.url)
    with socket.create_connection(wire._address, timeout=10) as connection:
        connection.sendall(b"".join(request.encode(wire.host) for request in requests))
        heard = b""
        while piece := connection.recv(65536):
            heard += piece
    statuses = [int(part[:3]) for part in heard.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 200, 200, 404, 200]
    assert heard.endswith(b"x" * 20_000)


def test_a_target_may_name_the_host_too(target, wire):
    """The absolute form, which clients send to proxies (RFC 9112, 3.2.2)."""
    request = Raw(b"GET", b"http://%s/%s/a.txt" % (wire.host, target.bucket.encode()))
    request.headers = seeds.signed(request, "s3", ATTACKER)
    assert wire.send(request).body == b"small"


def test_a_client_that_waits_for_leave_gets_it_before_it_sends(target, wire):
    request = Raw(
        b"PUT", b"/%s/leave" % target.bucket.encode(), body=b"y" * 30_000, headers=[(b"Expect", b"100-continue")]
    )
    request.headers = seeds.signed(request, "s3", ATTACKER)
    head, _, body = request.encode(wire.host).partition(b"\r\n\r\n")
    with socket.create_connection(wire._address, timeout=10) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_an_answer_to_head_has_no_body_even_if_the_request_had_one(target, wire):
    request = Raw(b"HEAD", b"/%s/none" % target.bucket.encode(), body=b"z" * 100)
    request.headers = seeds.signed(request, "s3", ATTACKER)
    heard = wire.exchange(request.encode(wire.host), is_head=True)
    assert (heard.status, heard.body) == (404, b"")
