"""aws-chunked: a body in chunks, each with its own signature, and checksums in trailers behind the last.

Clients use it to sign or checksum a stream that they cannot read twice. Data passes through as it arrives, so
memory stays constant whatever size a client gives its chunks.
Source: S3 API Reference, "Transferring payload in multiple chunks" and "Including trailing headers"."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterable, AsyncIterator

from cumulet.gateway import signature_errors, sigv4, sigv4a
from cumulet.gateway.http import Headers
from cumulet.gateway.signature_errors import Dialect, SignatureError

LONGEST_LINE = 8192
"""Bytes of a chunk's first line or of a trailer."""

MOST_TRAILERS = 32

SMALLEST_CHUNK = 8192
"""Bytes; of signed chunks only the last may be smaller."""

LARGEST_BODY = 1 << 53

_SIZE_LINE = re.compile(rb"([0-9a-fA-F]{1,14})(?:[ \t]*;[ \t]*chunk-signature=([0-9a-fA-F*]{1,160}))?")
_TRAILER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128})[ \t]*:[ \t]*([\x20-\x7e]*?)[ \t]*")
_SIZE, _DATA, _DATA_END, _TRAILERS, _DONE = range(5)


class BodyError(Exception):
    """A body that is not what its headers promise; code, words and status are S3's."""

    def __init__(self, code: str, message: str, extra: dict[str, str] | None = None, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.extra = code, message, status, extra or {}


class ChunkSigner:
    """The chain of signatures that begins with the request's own: each signs its data and the one before."""

    def __init__(self, signature: sigv4.Signature, secret: str) -> None:
        self._seed = signature
        self._secret = secret
        self._previous = signature.signature
        self._head = f"{signature.date}\n{signature.scope}\n"

    def check_chunk(self, digest: str, given: str) -> None:
        """Raises SignatureError if `given` is not the signature of a chunk with this SHA-256."""
        self._check("PAYLOAD", f"{sigv4.EMPTY_HASH}\n{digest}", given)

    def check_trailers(self, lines: bytes, given: str) -> None:
        """`lines` are the trailers as `name:value\\n` each, in the order sent."""
        self._check("TRAILER", hashlib.sha256(lines).hexdigest(), given)

    def _check(self, part: str, what: str, given: str) -> None:
        before = f"{self._seed.algorithm}-{part}\n{self._head}"
        # A SigV4A signature is padded with "*" on the wire; clients chain it with or without the padding.
        texts = [f"{before}{previous}\n{what}" for previous in {self._previous, self._previous.rstrip("*")}]
        if not any(self._matches(text, given) for text in texts):
            key = self._seed.access_key
            raise signature_errors.mismatch(Dialect.S3, access_key=key, provided=given, to_sign=texts[0])
        self._previous = given

    def _matches(self, text: str, given: str) -> bool:
        if self._seed.algorithm == sigv4a.ALGORITHM:
            return sigv4a.verified(self._secret, self._seed.access_key, text.encode(), given)
        key = sigv4.key_of(self._seed, self._secret)
        return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), given)


class Decoder:
    """Takes the encoded bytes as they arrive and gives the data between the framing back.

    `kind` is the STREAMING-* word of x-amz-content-sha256, `length` the decoded length where the client told it,
    `declared` the names in x-amz-trailer. Without a signer signatures must be there but are not verified.
    Data is given before the signature behind it is seen: nothing may be kept until `finish` has returned."""

    def __init__(
        self,
        kind: str,
        *,
        length: int | None = None,
        declared: frozenset[str] = frozenset(),
        signer: ChunkSigner | None = None,
    ) -> None:
        self.trailers: dict[str, str] = {}
        self._signed = "UNSIGNED" not in kind
        self._trailing = kind.endswith("-TRAILER")
        self._length = length
        self._declared = declared
        self._signer = signer
        self._state = _SIZE
        self._line = bytearray()
        self._left = 0
        self._total = 0
        self._small = 0
        self._given = ""
        self._digest = hashlib.sha256()
        self._trailer_lines = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The decoded pieces in `data`; what lies wholly within a chunk is not copied. Raises BodyError or
        SignatureError."""
        pieces: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            if self._state == _DATA:
                until = min(at + self._left, end)
                pieces.append(self._take(data[at:until]))
                at = until
            else:
                at = self._read_line(data, at)
        return pieces

    def finish(self) -> None:
        """To be called when the body has ended. Raises BodyError if it ended too early."""
        if self._state == _TRAILERS and not self._line:
            self._end()  # some clients leave the last empty line out
        if self._state != _DONE or (self._length is not None and self._total != self._length):
            raise _incomplete()

    def _take(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        self._total += len(piece)
        if self._signer is not None:
            self._digest.update(piece)
        if not self._left:
            self._state = _DATA_END
        return piece

    def _read_line(self, data: bytes, at: int) -> int:
        newline = data.find(b"\n", at, at + LONGEST_LINE)
        end = len(data) if newline < 0 else newline
        if len(self._line) + end - at > LONGEST_LINE:
            raise _malformed("A line of the chunked body is too long.")
        self._line += data[at:end]
        if newline < 0:
            return end
        line = bytes(self._line).removesuffix(b"\r")
        self._line.clear()
        self._accept(line)
        return newline + 1

    def _accept(self, line: bytes) -> None:
        if self._state == _SIZE:
            self._begin_chunk(line)
        elif self._state == _DATA_END:
            if line:
                raise _malformed("A chunk is longer than its size says.")
            self._check_chunk()
            self._state = _SIZE
        elif self._state == _TRAILERS:
            if line:
                self._add_trailer(line)
            elif not self._awaits_signature():
                self._end()
        elif line:
            raise _malformed("The chunked body goes on behind its end.")

    def _begin_chunk(self, line: bytes) -> None:
        found = _SIZE_LINE.fullmatch(line)
        if found is None or (self._signed and found[2] is None):
            raise _malformed("The body is not well-formed aws-chunked encoding.")
        self._left = int(found[1], 16)
        self._given = (found[2] or b"").decode()
        if self._total + self._left > (LARGEST_BODY if self._length is None else self._length):
            raise _incomplete()
        if self._left:
            self._check_size()
            self._state = _DATA
        else:
            self._check_chunk()
            self._state = _TRAILERS

    def _check_size(self) -> None:
        """Raises InvalidChunkSizeError when data follows a signed chunk that was too small to be followed."""
        if self._signed and self._small:
            message = f"Only the last chunk is allowed to have a size less than {SMALLEST_CHUNK} bytes"
            raise BodyError("InvalidChunkSizeError", message, {"BadChunkSize": str(self._small)}, 403)
        self._small = self._left if self._left < SMALLEST_CHUNK else 0

    def _check_chunk(self) -> None:
        if self._signer is not None and self._signed:
            self._signer.check_chunk(self._digest.hexdigest(), self._given)
            self._digest = hashlib.sha256()

    def _add_trailer(self, line: bytes) -> None:
        found = _TRAILER.fullmatch(line)
        if found is None or not self._trailing or len(self.trailers) >= MOST_TRAILERS:
            raise _malformed_trailer()
        name, value = found[1].lower().decode(), found[2].decode()
        if name == "x-amz-trailer-signature":
            self._given = value
            self._check_trailers()
        elif name in self.trailers or name not in self._declared:
            raise _malformed_trailer()
        else:
            self.trailers[name] = value
            self._trailer_lines += f"{name}:{value}\n".encode()
            self._given = ""

    def _check_trailers(self) -> None:
        if not self._signed:
            raise _malformed_trailer()
        if self._signer is not None:
            self._signer.check_trailers(bytes(self._trailer_lines), self._given)

    def _awaits_signature(self) -> bool:
        """Whether an empty line only separates the trailers from their signature, as AWS's own examples have it."""
        return self._signed and self._trailing and bool(self.trailers) and not self._given

    def _end(self) -> None:
        unsigned = self._signed and bool(self.trailers) and not self._given
        if unsigned or not self._declared <= self.trailers.keys():
            raise _malformed_trailer()
        self._state = _DONE


class Body:
    """A decoded body as an async iterator; `trailers` are complete when it has ended."""

    def __init__(self, source: AsyncIterable[bytes], decoder: Decoder) -> None:
        self._source = source
        self._decoder = decoder

    @property
    def trailers(self) -> dict[str, str]:
        return self._decoder.trailers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        feed = self._decoder.feed
        async for data in self._source:
            for piece in feed(data):
                yield piece
        self._decoder.finish()


def decode(
    source: AsyncIterable[bytes],
    headers: Headers,
    *,
    signature: sigv4.Signature | None = None,
    secret: str | None = None,
) -> Body:
    """The body of a request whose x-amz-content-sha256 is one of sigv4.STREAMING.

    Chunk signatures are verified when the secret is known. Raises BodyError for headers that promise nonsense."""
    signer = ChunkSigner(signature, secret) if signature is not None and secret is not None else None
    kind = headers.get("x-amz-content-sha256", "")
    names = (name.strip().lower() for name in headers.get("x-amz-trailer", "").split(","))
    declared = frozenset(name for name in names if name)
    if len(declared) > MOST_TRAILERS:
        raise _malformed_trailer()
    return Body(source, Decoder(kind, length=decoded_length(headers), declared=declared, signer=signer))


def decoded_length(headers: Headers) -> int | None:
    """Bytes, from x-amz-decoded-content-length; S3 wants it whenever the encoded length is told."""
    text = headers.get("x-amz-decoded-content-length")
    if text is None:
        if "content-length" in headers:
            raise BodyError("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
        return None
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise BodyError("InvalidArgument", "The decoded content length is not a number.")
    return int(text)


def _incomplete() -> BodyError:
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
    return BodyError("IncompleteBody", message)


def _malformed(message: str) -> BodyError:
    return BodyError("InvalidRequest", message)


def _malformed_trailer() -> BodyError:
    message = "The request contained trailing data that was not well-formed or did not conform to our published schema."
    return BodyError("MalformedTrailerError", message)


__all__ = ["Body", "BodyError", "ChunkSigner", "Decoder", "SignatureError", "decode", "decoded_length"]
