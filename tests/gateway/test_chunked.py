"""aws-chunked bodies: framing, signatures, trailers, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.gateway import chunked, sigv4, sigv4a
from cumulet.gateway.chunked import BodyError, ChunkSigner, Decoder
from cumulet.gateway.signature_errors import SignatureError

PLAIN = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CRC = "x-amz-checksum-crc32"


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def decode(decoder: Decoder, data: bytes, size: int = 10**6) -> bytes:
    out = b"".join(bytes(piece) for part in pieces(data, size) for piece in decoder.feed(part))
    decoder.finish()
    return out


def refused(decoder: Decoder, data: bytes) -> str:
    with pytest.raises((BodyError, SignatureError)) as no:
        decode(decoder, data)
    return no.value.code


def plain(*chunks: bytes, trailers: bytes = b"") -> bytes:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return framed + b"0\r\n" + trailers + b"\r\n"


@given(st.lists(st.binary(min_size=1, max_size=300)), st.integers(1, 50))
@settings(deadline=None)
def test_data_comes_back_however_it_is_cut(chunks, size):
    decoder = Decoder(PLAIN, length=sum(map(len, chunks)), declared=frozenset({CRC}))
    data = plain(*chunks, trailers=b"x-amz-checksum-crc32: AAAAAA==\r\n")
    assert decode(decoder, data, size) == b"".join(chunks)
    assert decoder.trailers == {CRC: "AAAAAA=="}


@given(st.binary(max_size=200), st.sampled_from(sorted(sigv4.STREAMING)), st.one_of(st.none(), st.integers(0, 50)))
@settings(deadline=None)
def test_any_body_is_decoded_or_refused(data, kind, length):
    try:
        decode(Decoder(kind, length=length), data, 7)
    except BodyError as no:
        assert 400 <= no.status < 500


@given(st.data())
@settings(deadline=None)
def test_one_changed_byte_of_the_framing_never_changes_what_is_read(data):
    body = plain(b"hello", b"world")
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + data.draw(st.binary(min_size=1, max_size=1)) + body[at + 1 :]
    try:
        read = decode(Decoder(PLAIN, length=10), changed)
    except BodyError:
        return
    assert len(read) == 10


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (plain(b"hello")[:-4], "IncompleteBody"),
        (b"5\r\nhel", "IncompleteBody"),
        (b"", "IncompleteBody"),
        (plain(b"hell"), "IncompleteBody"),
        (plain(b"hello!"), "IncompleteBody"),
        (b"ffffffffffffff\r\n", "IncompleteBody"),
        (b"5\r\nhello!\r\n0\r\n\r\n", "InvalidRequest"),
        (b"-5\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"x" * 9000, "InvalidRequest"),
        (plain(b"hello") + b"more\r\n", "InvalidRequest"),
        (plain(b"hello", trailers=b"x-amz-meta-a: undeclared\r\n"), "MalformedTrailerError"),
        (plain(b"hello", trailers=b"no colon\r\n"), "MalformedTrailerError"),
    ],
)
def test_framing_that_does_not_fit_is_refused(body, code):
    assert refused(Decoder(PLAIN, length=5), body) == code


def test_a_declared_trailer_must_come():
    assert refused(Decoder(PLAIN, declared=frozenset({CRC})), plain(b"hello")) == "MalformedTrailerError"


# The worked examples of the S3 API Reference: 64 KiB and 1 KiB of "a"


def seed(signature: str) -> sigv4.Signature:
    return sigv4.Signature(
        sigv4.HMAC, "AKIAIOSFODNN7EXAMPLE", "20130524T000000Z", datetime(2013, 5, 24, tzinfo=UTC),
        "20130524/us-east-1/s3/aws4_request", "us-east-1", "s3", (), signature, "header",
    )  # fmt: skip


def framed(*signatures: str, sizes: tuple[int, ...] = (65536, 1024, 0)) -> bytes:
    chunks = zip(sizes, signatures, strict=True)
    return b"".join(b"%x;chunk-signature=%s\r\n%s\r\n" % (n, s.encode(), b"a" * n) for n, s in chunks)


WHOLE = framed(
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
SEED = seed("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")

TRAILED = framed(
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)[:-2] + (
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)
TRAILED_SEED = seed("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")
CRC32C = frozenset({"x-amz-checksum-crc32c"})


@pytest.mark.parametrize("size", [1000, 10**6])
def test_the_published_example_verifies(size):
    decoder = Decoder(SIGNED, length=66560, signer=ChunkSigner(SEED, SECRET))
    assert decode(decoder, WHOLE, size) == b"a" * 66560


@pytest.mark.parametrize("cut", [b"x-amz-trailer-signature", b"\r\nx-amz-trailer-signature"])
def test_the_published_example_with_a_trailer_verifies(cut):
    body = TRAILED.replace(b"x-amz-trailer-signature", cut)
    decoder = Decoder(SIGNED + "-TRAILER", length=66560, declared=CRC32C, signer=ChunkSigner(TRAILED_SEED, SECRET))
    assert decode(decoder, body) == b"a" * 66560
    assert decoder.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@pytest.mark.parametrize("at", [3, 30, 200, 65700, -200, -30])
def test_a_changed_byte_does_not_verify(at):
    body = bytearray(TRAILED)
    body[at] = ord("b") if body[at] != ord("b") else ord("c")
    decoder = Decoder(SIGNED + "-TRAILER", length=66560, declared=CRC32C, signer=ChunkSigner(TRAILED_SEED, SECRET))
    assert refused(decoder, bytes(body)) in ("SignatureDoesNotMatch", "InvalidRequest", "IncompleteBody")


def test_signatures_must_be_there_even_where_nobody_can_verify_them():
    assert decode(Decoder(SIGNED, length=66560), WHOLE) == b"a" * 66560
    assert refused(Decoder(SIGNED), plain(b"hello")) == "InvalidRequest"
    unsigned = TRAILED[: TRAILED.index(b"x-amz-trailer-signature")] + b"\r\n"
    assert refused(Decoder(SIGNED + "-TRAILER", declared=CRC32C), unsigned) == "MalformedTrailerError"


def test_only_the_last_signed_chunk_may_be_small():
    body = framed("0" * 64, "0" * 64, "0" * 64, sizes=(100, 100, 0))
    assert refused(Decoder(SIGNED), body) == "InvalidChunkSizeError"


def test_chunks_may_be_signed_with_an_elliptic_curve():
    """A chain made with the key that SigV4A derives, each signature padded to the length of the longest."""
    key = ec.derive_private_key(sigv4a._private_value(SECRET, "AKIAIOSFODNN7EXAMPLE"), ec.SECP256R1())
    start = sigv4.Signature(
        sigv4.ECDSA, "AKIAIOSFODNN7EXAMPLE", SEED.date, SEED.instant, "20130524/s3/aws4_request", "*", "s3", (),
        "30" * 70, "header",
    )  # fmt: skip
    previous, body = start.signature, b""
    for data in (b"a" * 9000, b""):
        digest = hashlib.sha256(data).hexdigest()
        text = f"{sigv4.ECDSA}-PAYLOAD\n{start.date}\n{start.scope}\n{previous}\n{sigv4.EMPTY_HASH}\n{digest}"
        previous = key.sign(text.encode(), ec.ECDSA(hashes.SHA256())).hex()
        padded = previous.ljust(sigv4a.LONGEST_SIGNATURE, "*").encode()
        body += b"%x;chunk-signature=%s\r\n%s\r\n" % (len(data), padded, data)
    kind = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
    assert decode(Decoder(kind, length=9000, signer=ChunkSigner(start, SECRET)), body) == b"a" * 9000
    assert refused(Decoder(kind, signer=ChunkSigner(start, "other")), body) == "SignatureDoesNotMatch"


# As the gateway uses it


async def stream(*parts: bytes):
    for part in parts:
        yield part


def test_a_request_body_streams_with_its_trailers():
    async def read() -> tuple[bytes, dict[str, str]]:
        headers = {"x-amz-content-sha256": PLAIN, "x-amz-trailer": CRC, "x-amz-decoded-content-length": "5"}
        body = chunked.decode(stream(plain(b"hello", trailers=b"x-amz-checksum-crc32:a\r\n")), headers)
        return b"".join([bytes(piece) async for piece in body]), body.trailers

    assert asyncio.run(read()) == (b"hello", {CRC: "a"})


def test_the_decoded_length_is_needed_and_a_number():
    for headers, code in (
        ({"content-length": "9"}, "MissingContentLength"),
        ({"x-amz-decoded-content-length": "1e9"}, "InvalidArgument"),
    ):
        with pytest.raises(BodyError) as no:
            chunked.decoded_length(headers)
        assert no.value.code == code


def test_a_huge_chunk_needs_no_memory():
    size, part = 256 << 20, b"x" * (1 << 16)

    async def read() -> int:
        async def source():
            yield b"%x\r\n" % size
            for _ in range(size // len(part)):
                yield part
            yield b"\r\n0\r\n\r\n"

        headers = {"x-amz-content-sha256": PLAIN, "x-amz-decoded-content-length": str(size)}
        return sum([len(piece) async for piece in chunked.decode(source(), headers)])

    tracemalloc.start()
    try:
        assert asyncio.run(read()) == size
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
